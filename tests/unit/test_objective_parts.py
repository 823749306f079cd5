"""Every part of the composed objective against its formula, written out independently."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture
from ogan_bench.models.dcgan import dcgan
from ogan_bench.models.initialisation import initialise
from ogan_bench.models.normalization import on_sphere, standardise
from ogan_bench.objectives.base import Batch, Nets, Objective, Pass
from ogan_bench.objectives.composed import composed
from ogan_bench.objectives.parts import consistency, penalties
from ogan_bench.objectives.parts.call_by_name import answer, check
from ogan_bench.objectives.parts.consistency import CONSISTENCY, PROJECTIONS, Tie
from ogan_bench.objectives.parts.penalties import Scored
from ogan_bench.objectives.parts.readouts import Output, Readout
from ogan_bench.objectives.parts.schedules import schedule
from ogan_bench.seeding import generator
from ogan_bench.study import catalogue
from ogan_bench.study.parts import build, component_of

N, D = 6, 7
CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-12}


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal numbers in float64."""
    return torch.randn(shape, dtype=torch.float64, generator=generator(seed, "test"))


def slope_at(loss: Callable[[Tensor], Tensor], point: Tensor) -> Tensor:
    """Gradient of the sum of a loss."""
    point = point.detach().requires_grad_()
    (slope,) = torch.autograd.grad(loss(point).sum(), point)
    return slope


def cos(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(1) / (a.square().sum(1).sqrt() * b.square().sum(1).sqrt())


# Adversarial losses, written with the logits D = -s of a discriminator


def is_real(logit: Tensor) -> Tensor:
    """-log σ(D)."""
    return F.binary_cross_entropy_with_logits(logit, torch.ones_like(logit), reduction="none")


def is_fake(logit: Tensor) -> Tensor:
    """-log(1 - σ(D))."""
    return F.binary_cross_entropy_with_logits(logit, torch.zeros_like(logit), reduction="none")


LOGIT_LOSSES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], ...]] = {
    "linear": (lambda r, f: f - r, lambda r, f: -f),
    "non_saturating": (lambda r, f: is_real(r) + is_fake(f), lambda r, f: is_real(f)),
    "saturating": (lambda r, f: is_real(r) + is_fake(f), lambda r, f: -is_fake(f)),
    "least_squares": (
        lambda r, f: 0.5 * (r - 1) ** 2 + 0.5 * (f - 0) ** 2,
        lambda r, f: 0.5 * (f - 1) ** 2,
    ),
    "hinge": (
        lambda r, f: -torch.minimum(r - 1, 0 * r) - torch.minimum(-f - 1, 0 * f),
        lambda r, f: -f,
    ),
    "relativistic": (lambda r, f: is_real(r - f), lambda r, f: is_real(f - r)),
    "relativistic_average": (
        lambda r, f: is_real(r - f.mean()) + is_fake(f - r.mean()),
        lambda r, f: is_real(f - r.mean()) + is_fake(r - f.mean()),
    ),
}


@pytest.mark.parametrize("name", catalogue.names("adversarial"))
def test_adversarial_losses_are_those_of_the_logit(name: str) -> None:
    loss = build("adversarial", name)
    real, fake = 2 * draw(2, N)
    scores = SimpleNamespace(real=real, fake=fake)
    encoder, generator = LOGIT_LOSSES[name]
    torch.testing.assert_close(answer(loss.encoder, scores), encoder(-real, -fake), **CLOSE)
    torch.testing.assert_close(answer(loss.generator, scores), generator(-real, -fake), **CLOSE)


@pytest.mark.parametrize("name", catalogue.names("adversarial"))
def test_encoder_lowers_real_scores_and_generator_lowers_fake_ones(name: str) -> None:
    """With the same scores for all images, every loss pushes in the direction of its net."""
    loss = build("adversarial", name)
    real, fake = torch.zeros(2, N, dtype=torch.float64).requires_grad_().unbind()
    scores = SimpleNamespace(real=real, fake=fake)
    at_real, at_fake = torch.autograd.grad(answer(loss.encoder, scores).sum(), [real, fake])
    assert (at_real > 0).all()
    # Least squares with labels 1 and 0 has its optimum for generated images at 0.
    assert (at_fake == 0).all() if name == "least_squares" else (at_fake < 0).all()
    (at_fake,) = torch.autograd.grad(answer(loss.generator, scores).sum(), [fake])
    assert (at_fake > 0).all()


# Readouts


def readout(name: str, **parameters: int) -> Readout:
    made: Readout = build("readouts", component_of("readouts", {"name": name, **parameters}))
    return made


def score_of(chosen: Readout, code: Tensor, head: nn.Module | None = None) -> Tensor:
    """Scores of codes beside given spare outputs, features and classes."""
    labels = torch.arange(N) % 3
    output = Output(code, draw(N, 2, seed=8), draw(N, 5, seed=9), labels, head)
    scores: Tensor = answer(chosen.score, output)
    return scores


def test_readouts_are_their_formulas() -> None:
    code, spare = draw(N, D), draw(N, 2, seed=8)
    expected = {
        "avg": code.sum(1) / D,
        "norm": (code**2).sum(1) ** 0.5,
        "log_norm": (code**2).sum(1).log() / 2,
        "std": ((code - code.sum(1, keepdim=True) / D) ** 2).sum(1).div(D) ** 0.5,
        "dim": code[:, 0],
        "spare": (spare[:, 0] + spare[:, 1]) / 2,
    }
    for name, wanted in expected.items():
        chosen = readout(name)
        torch.testing.assert_close(score_of(chosen, code), wanted, msg=name)
    three = readout("dim", dims=3)
    torch.testing.assert_close(score_of(three, code), code[:, :3].sum(1) / 3)
    assert (three.free, three.spare) == (3, 0)
    two = readout("spare", dims=2)
    assert (two.free, two.spare) == (0, 2)


@pytest.mark.parametrize("name", ["dim", "spare"])
def test_no_dimension_set_aside_is_the_average(name: str) -> None:
    chosen = readout(name, dims=0)
    code = draw(N, D)
    torch.testing.assert_close(score_of(chosen, code), code.mean(1))
    assert (chosen.free, chosen.spare) == (0, 0)


@pytest.mark.parametrize("code", [torch.zeros(N, D), torch.full((N, D), 3.0)])
@pytest.mark.parametrize("name", ["norm", "log_norm", "std"])
def test_scores_are_smooth_where_a_root_is_of_zero(name: str, code: Tensor) -> None:
    """First derivatives for training and second ones for penalties on gradients, in float32."""
    chosen = readout(name)
    code = code.clone().requires_grad_()
    score = score_of(chosen, code)
    (first,) = torch.autograd.grad(score.sum(), code, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), code)
    for found in (score, first, second):
        assert found.isfinite().all()


def architecture(classes: int = 3, z_dim: int = D) -> Architecture:
    return dcgan(ImageShape(1, 16, 16), classes, z_dim=z_dim, width=2)


def objective(**parts: Any) -> Objective:
    chosen: dict[str, Any] = {
        "adversarial": "linear",
        "readout": "avg",
        "consistency": "pearson",
        "penalty": "none",
    }
    return composed(**{**chosen, **parts})


def test_heads_read_the_code_and_are_trained_with_the_encoder() -> None:
    code = draw(N, D)
    for hidden, widths in ((0, [(1, D)]), (4, [(4, D), (1, 4)])):
        made = objective(readout={"name": "head", "hidden": hidden})
        nets = made.build(architecture())
        assert nets.encoder.score_head is not None
        head = nets.encoder.score_head.double()
        layers = [module for module in head.modules() if isinstance(module, nn.Linear)]
        assert [tuple(layer.weight.shape) for layer in layers] == widths
        assert {id(p) for p in head.parameters()} <= {id(p) for p in nets.encoder.parameters()}
        wanted = code
        for i, layer in enumerate(layers):
            wanted = F.leaky_relu(wanted, 0.2) if i else wanted
            wanted = wanted @ layer.weight.T + layer.bias
        chosen = readout("head", hidden=hidden)
        found = score_of(chosen, code, head)
        torch.testing.assert_close(found, wanted[:, 0])


def test_projection_adds_the_features_along_the_vector_of_the_class() -> None:
    nets = objective(readout="projection").build(architecture(classes=3))
    initialise(nets.encoder, generator(0, "initial"))
    vectors = nets.encoder.score_head
    assert isinstance(vectors, nn.Embedding)
    assert vectors.weight.shape == (3, nets.encoder.features)
    assert not vectors.weight.any(), "the score starts from O-GAN's"

    chosen = readout("projection")
    table = draw(3, 5, seed=4)
    code, features = draw(N, D), draw(N, 5, seed=9)
    found = score_of(chosen, code, nn.Embedding.from_pretrained(table))
    wanted = [code[i].mean() + table[i % 3] @ features[i] for i in range(N)]
    torch.testing.assert_close(found, torch.stack(wanted))


def test_projection_without_labels_is_refused() -> None:
    with pytest.raises(UserError, match="no labels"):
        objective(readout="projection").build(architecture(classes=0))


def test_a_score_that_takes_the_whole_code_is_refused() -> None:
    objective(readout={"name": "dim", "dims": D - 1}).build(architecture())
    with pytest.raises(UserError, match=f"{D} of the {D} dimensions"):
        objective(readout={"name": "dim", "dims": D}).build(architecture())


@pytest.mark.parametrize(
    ("parts", "width"),
    [
        ({}, D),
        ({"readout": {"name": "spare", "dims": 3}}, D + 3),
        ({"consistency": "gaussian_nll"}, 2 * D),
        ({"readout": {"name": "spare", "dims": 3}, "consistency": "gaussian_nll"}, 2 * D + 3),
    ],
)
def test_encoders_are_as_wide_as_the_parts_need(parts: dict[str, Any], width: int) -> None:
    assert objective(**parts).build(architecture()).encoder.head.out_features == width


# Consistency terms


def test_consistency_terms_are_their_formulas() -> None:
    z, code = draw(2, N, D)
    for i, (a, b) in enumerate(zip(z, code, strict=True)):
        rho = torch.corrcoef(torch.stack([a, b]))[0, 1]
        expected = {
            "pearson": -rho,
            "mse": sum((a - b) ** 2),
            "mse_mean": sum((a - b) ** 2) / D,
            "cosine": -(a @ b) / (a @ a).sqrt() / (b @ b).sqrt(),
            "normalized_mse": 2 * (1 - rho),
        }
        for name, wanted in expected.items():
            torch.testing.assert_close(CONSISTENCY[name](z, code)[i], wanted, msg=name)
    assert not CONSISTENCY["none"](z).any()


def test_gaussian_nll_is_that_of_a_bounded_variance() -> None:
    z, code, raw = draw(3, N, D)
    variance = (10 * torch.tanh(raw / 10)).exp()
    wanted = nn.GaussianNLLLoss(reduction="none")(code, z, variance).mean(1)
    torch.testing.assert_close(consistency.gaussian_nll(z, code, raw), wanted, **CLOSE)
    normal = torch.distributions.Normal(code, variance.sqrt())
    full = -normal.log_prob(z).mean(1) - math.log(2 * math.pi) / 2
    torch.testing.assert_close(consistency.gaussian_nll(z, code, raw), full, **CLOSE)


def test_gaussian_nll_of_an_exact_encoder_is_bounded() -> None:
    """log σ² >= -10, and even beyond that a wrong code can still raise its variance."""
    z = draw(N, D)
    raw = torch.full_like(z, -1e4)
    assert consistency.gaussian_nll(z, z, raw).min() == pytest.approx(-5)
    slope = slope_at(lambda r: consistency.gaussian_nll(z, z + 1, r), torch.full_like(z, -15.0))
    assert (slope < 0).all()


def test_contrastive_finds_a_code_among_the_z_of_the_batch() -> None:
    z, code = draw(2, N, D)
    wanted = []
    for i in range(N):
        logits = [(code[i] @ z[j]) / (code[i].norm() * z[j].norm()) / 0.3 for j in range(N)]
        wanted.append(torch.stack(logits).logsumexp(0) - logits[i])
    found = consistency.contrastive(z, code, temperature=0.3)
    torch.testing.assert_close(found, torch.stack(wanted), **CLOSE)


def test_contrastive_of_a_constant_code_is_chance() -> None:
    """log n on average or worse: such a code says nothing of z."""
    z = draw(N, D)
    code = torch.ones_like(z)
    assert consistency.contrastive(z, code).mean() >= math.log(N)


@pytest.mark.parametrize("name", catalogue.names("consistency"))
def test_gradients_of_consistency_terms(name: str) -> None:
    if name.startswith("pixel"):
        x, weight = draw(N, 1, 3, 3), draw(D, 9, seed=3)

        def decode(code: Tensor) -> Tensor:
            return (code @ weight).tanh().reshape(-1, 1, 3, 3)

        assert torch.autograd.gradcheck(
            lambda code: CONSISTENCY[name](x, code, decode), draw(N, D, seed=1).requires_grad_()
        )
    elif name != "none":
        z, *others = (draw(N, D, seed=i).requires_grad_() for i in range(3))
        asked = others if name == "gaussian_nll" else others[:1]
        assert torch.autograd.gradcheck(CONSISTENCY[name], [z, *asked])


def test_pixel_terms_are_means_over_the_pixels_of_reconstructions() -> None:
    x, code, weight = draw(N, 2, 3, 3), draw(N, D, seed=1), draw(D, 18, seed=2)

    def decode(codes: Tensor) -> Tensor:
        return (codes @ weight).reshape(-1, 2, 3, 3)

    normal = (code - code.mean(1, keepdim=True)) / code.std(1, keepdim=True, correction=0)
    for term, projected in (
        (consistency.pixel_raw, code),
        (consistency.pixel_normalized, normal),
    ):
        wanted = ((x.reshape(N, 18) - projected @ weight) ** 2).sum(1) / 18
        torch.testing.assert_close(term(x, code, decode), wanted, **CLOSE)


def test_average_deviation_and_norm_are_left_free_by_correlation() -> None:
    """Their gradients at the code are orthogonal to that of ρ: such a score costs it nothing."""
    z, code = draw(2, N, D)
    at_rho = slope_at(lambda e: consistency.pearson(z, e), code)
    at_cosine = slope_at(lambda e: consistency.cosine(z, e), code)
    at = {name: slope_at(partial(score_of, readout(name)), code) for name in ("avg", "std", "norm")}
    zero = torch.zeros(N, dtype=torch.float64)
    for name in ("avg", "std", "norm"):
        torch.testing.assert_close(cos(at_rho, at[name]), zero, **CLOSE)
    torch.testing.assert_close(cos(at_cosine, at["norm"]), zero, **CLOSE)
    assert cos(at_cosine, at["avg"]).abs().max() > 0.01, "the average is tied by the cosine"


@pytest.mark.parametrize("name", ["pearson", "normalized_mse", "cosine", "contrastive"])
def test_autoencoding_sets_what_the_term_leaves_free(name: str) -> None:
    """The term cannot tell a code from its projection."""
    z, code = draw(2, N, D)
    code = 3 * code + 2
    project = {"standardise": standardise, "sphere": on_sphere}[PROJECTIONS[name]]
    term = CONSISTENCY[name]
    torch.testing.assert_close(term(z, project(code)), term(z, code), **CLOSE)
    assert objective(consistency=name).projection == PROJECTIONS[name]


@pytest.mark.parametrize("name", ["mse", "mse_mean", "gaussian_nll", "pixel_raw"])
def test_autoencoding_takes_a_code_that_equals_z_as_it_is(name: str) -> None:
    assert objective(consistency=name).projection == "none"


def test_what_the_score_takes_of_the_code_is_not_tied() -> None:
    made = objective(readout={"name": "dim", "dims": 2}, consistency="mse")
    e = draw(N, D).requires_grad_()
    batch = SimpleNamespace(z=draw(N, D, seed=1), e_fake=e)
    tie = Tie(batch, made, free=2)  # type: ignore[arg-type]
    answer(consistency.mse, tie).sum().backward()
    assert e.grad is not None
    assert not e.grad[:, :2].any()
    torch.testing.assert_close(e.grad[:, 2:], 2 * (e - batch.z)[:, 2:])


def test_what_the_score_takes_of_the_code_is_zero_for_the_generator() -> None:
    """The prior's mean, after N(·) where N(·) belongs there."""
    e = draw(N, D + 3) + 4
    raw = objective(readout={"name": "dim", "dims": 2}, consistency="mse").code(e, D)
    torch.testing.assert_close(raw, torch.cat([torch.zeros(N, 2).double(), e[:, 2:D]], 1))
    code = standardise(objective(readout={"name": "dim", "dims": 2}).code(e, D))
    torch.testing.assert_close(code[:, :2], torch.zeros(N, 2).double(), **CLOSE)
    torch.testing.assert_close(code[:, 2:], standardise(e[:, 2:D]) * (D / (D - 2)) ** 0.5)


# Penalties

X, X_FAKE = draw(N, 2, 3, 3), draw(N, 2, 3, 3, seed=1)
DIRECTION = draw(18, seed=2)


def linear_score(images: Tensor) -> Tensor:
    """A score whose gradient is the same everywhere."""
    return images.flatten(1) @ DIRECTION + 3


def square_score(images: Tensor) -> Tensor:
    """A score whose gradient is the image."""
    return images.square().flatten(1).sum(1) / 2


def test_quadratic_potential_has_three_distances() -> None:
    real, fake = draw(2, N, seed=3)
    difference = (X - X_FAKE).reshape(N, 18)
    distances = {
        "mean_square": (difference**2).sum(1) / 18,
        "l1": difference.abs().sum(1) / 18,
        "l2": ((difference**2).sum(1) / 18) ** 0.5,
    }
    for norm, distance in distances.items():
        fake_images = X_FAKE.clone().requires_grad_()
        scores = real.clone().requires_grad_()
        found = penalties.quadratic_potential(
            X,
            fake_images,
            scores,
            fake,
            weight=0.05,
            norm=norm,  # type: ignore[arg-type]
        )
        torch.testing.assert_close(found, 0.05 * (real - fake) ** 2 / distance, **CLOSE)
        found.sum().backward()
        torch.testing.assert_close(scores.grad, 0.1 * (real - fake) / distance, **CLOSE)
        assert fake_images.grad is None, "the distance passes no gradient"
    default = penalties.quadratic_potential(X, X_FAKE, real, fake)
    wanted = 0.25 * (real - fake) ** 2 / distances["mean_square"]
    torch.testing.assert_close(default, wanted, **CLOSE)


def test_gradient_penalty_of_a_linear_score() -> None:
    mixing = torch.rand(N, 1, 1, 1, dtype=torch.float64, generator=generator(0, "mixing"))
    found = penalties.gradient_penalty(X, X_FAKE, linear_score, mixing, weight=7)
    wanted = 7 * ((DIRECTION**2).sum() ** 0.5 - 1) ** 2
    torch.testing.assert_close(found, wanted.expand(N), **CLOSE)


def test_gradient_penalty_looks_between_the_images_of_a_pair() -> None:
    mixing = torch.tensor([0, 1, 0.5, 0.25, 0.75, 0.1], dtype=torch.float64)
    x_fake = X_FAKE.clone().requires_grad_()
    found = penalties.gradient_penalty(X, x_fake, square_score, mixing.reshape(N, 1, 1, 1))
    for i, u in enumerate(mixing):
        point = (1 - u) * X[i] + u * X_FAKE[i]
        torch.testing.assert_close(found[i], 10 * (point.norm() - 1) ** 2, **CLOSE)
    found.sum().backward()
    assert x_fake.grad is None, "a point is a point: no gradient goes to the images"


def test_gradient_penalty_draws_one_number_a_pair_from_the_batch() -> None:
    batch = Pass(
        Nets(nn.Module(), nn.Module()),  # type: ignore[arg-type]
        Batch(X, draw(N, D), None, None, progress=0, random=partial(generator, 3)),
    )
    scored = Scored(batch, X, X, linear_score, nn.Module())
    assert scored.mixing.shape == (N, 1, 1, 1)
    assert scored.mixing.dtype == torch.float64
    assert torch.equal(scored.mixing, scored.mixing)
    assert len(scored.mixing.unique()) == N
    assert scored.mixing.min() >= 0
    assert scored.mixing.max() < 1


def test_r1_is_half_the_squared_gradient_at_real_images() -> None:
    x = X.clone().requires_grad_()
    wanted = (7 / 2 * (DIRECTION**2).sum()).expand(N)
    torch.testing.assert_close(penalties.r1(x, linear_score(x), weight=7), wanted, **CLOSE)
    wanted = 10 / 2 * (X.reshape(N, 18) ** 2).sum(1)
    torch.testing.assert_close(penalties.r1(x, square_score(x)), wanted, **CLOSE)


def test_penalties_on_gradients_train_the_score() -> None:
    """d/da of w(‖a‖ - 1)² and of w/2·‖a‖² for the score ⟨a, x⟩."""
    x = X.clone().requires_grad_()
    mixing = torch.full((N, 1, 1, 1), 0.5, dtype=torch.float64)

    def of_direction(a: Tensor) -> Tensor:
        return penalties.gradient_penalty(X, X_FAKE, lambda x: x.flatten(1) @ a, mixing).mean()

    length = (DIRECTION**2).sum() ** 0.5
    wanted = 20 * (length - 1) * DIRECTION / length
    torch.testing.assert_close(slope_at(of_direction, DIRECTION), wanted, **CLOSE)
    found = slope_at(lambda a: penalties.r1(x, x.flatten(1) @ a).mean(), DIRECTION)
    torch.testing.assert_close(found, 10 * DIRECTION, **CLOSE)


def test_weight_decay_counts_kernels_alone() -> None:
    convolution, norm, dense = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(8, 1)
    net = nn.Sequential(convolution, norm, nn.Flatten(), dense)
    squares = (convolution.weight**2).sum() + (dense.weight**2).sum()
    found = penalties.weight_decay(net, torch.zeros(N), weight=0.3)
    torch.testing.assert_close(found, (0.3 / 2 * squares).expand(N))
    found.mean().backward()
    for layer in (convolution, dense):
        torch.testing.assert_close(layer.weight.grad, 0.3 * layer.weight)
        assert layer.bias is not None
        assert layer.bias.grad is None
    assert norm.weight.grad is None


# Schedules


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (0.3, [0.3, 0.3, 0.3, 0.3]),
        ({"name": "constant", "weight": 2}, [2, 2, 2, 2]),
        ({"name": "warm_up", "weight": 2, "until": 0.8}, [0, 0.5, 1.875, 2]),
        ({"name": "warm_up", "weight": 2}, [0, 0.8, 2, 2]),
        ({"name": "off_at_end", "weight": 2, "after": 0.75}, [2, 2, 0, 0]),
        ({"name": "off_at_end", "weight": 2, "after": 0.8}, [2, 2, 2, 0]),
    ],
)
def test_schedules(weight: Any, expected: list[float]) -> None:
    chosen = schedule(weight)
    assert [chosen(progress) for progress in (0, 0.2, 0.75, 0.99)] == pytest.approx(expected)


def test_the_weight_of_consistency_follows_its_schedule() -> None:
    made = objective(consistency="mse_mean", consistency_weight={"name": "warm_up", "weight": 4})
    nets = made.build(architecture(0))
    x, z = torch.zeros(N, 1, 16, 16), torch.randn(N, D, generator=generator(0, "z"))
    for progress, weight in ((0.0, 0), (0.25, 2), (0.9, 4)):
        seen = Pass(nets, Batch(x, z, None, None, progress, partial(generator, 0)))
        wanted = weight * (z - seen.e_fake).square().mean(1)
        torch.testing.assert_close(made.encoder_loss(seen)["consistency"], wanted)
        torch.testing.assert_close(made.generator_loss(seen)["consistency"], wanted)


# Asking


def test_a_part_that_asks_for_what_nobody_has_is_refused() -> None:
    def of_mine(z: Tensor, cod: Tensor) -> Tensor:
        return z - cod

    with pytest.raises(UserError, match=r"of_mine: parameter 'cod': .* Did you mean 'code'\?"):
        check(of_mine, Tie)
    check(consistency.gaussian_nll, Tie)

    def penalty(score_reals: Tensor) -> Tensor:
        return score_reals

    with pytest.raises(UserError, match=r"Did you mean 'score_real'\?"):
        check(penalty, Scored)
    check(penalties.gradient_penalty, Scored)


def test_a_part_gets_what_it_asks_for_by_name() -> None:
    view = SimpleNamespace(a=1, b=2, c=3)
    assert answer(lambda c, a: (c, a), view) == (3, 1)
    assert answer(lambda b, *, factor: b * factor, view, factor=5) == 10

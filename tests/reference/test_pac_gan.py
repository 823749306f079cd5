"""PacGAN against its formula, written with explicit packs."""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from ogan_bench.data.base import POINT, ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture, Generator
from ogan_bench.models.initialisation import Normal, initialise
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Nets
from ogan_bench.objectives.systems.pac_gan import pac_gan, packs
from ogan_bench.objectives.systems.separate import separate
from ogan_bench.study.parts import build, component_of
from ogan_bench.training.updates import Trainables, alternating, gradients, simultaneous, total

N, D = 8, 6
IMAGE = ImageShape(3, 16, 16)
PACKINGS = [1, 2, 4]
PLACES = [("dcgan", IMAGE), ("resnet", IMAGE), ("mlp", POINT)]
Place = tuple[str, ImageShape]


def architecture(place: Place, **settings: Any) -> Architecture:
    name, shape = place
    # Spectral norm would move on with every pass, and no two would be alike.
    plain = {"spectral_norm": False} if name == "resnet" else {}
    small = {"z_dim": D, "width": 16 if name == "mlp" else 4}
    component = component_of("models", {"name": name, **small, **plain, **settings})
    made: Architecture = build("models", component, shape, 0)
    return made


def made(objective: Objective, place: Place) -> Nets:
    """Nets in float64 whose weights depend on the net's name alone."""
    nets = objective.build(architecture(place))
    for name, net in nets.named().items():
        initialise(net, random(name), Normal(0.1))
        net.double()
    return nets


def random(name: str) -> torch.Generator:
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def drawn(shape: ImageShape, n: int = N, m: int = 1) -> Batch:
    source = random("batch")
    x = torch.rand(n, *shape, dtype=torch.float64, generator=source) * 2 - 1
    z = torch.randn(n, D, dtype=torch.float64, generator=source)
    noise = {"mixing": torch.rand(n // m, 1, 1, 1, generator=random("mixing"))}
    for name in ("offset_real", "offset_fake"):
        noise[name] = torch.randn(n, math.prod(shape), generator=random(name))
    return Batch(x, z, None, None, 0.0, noise)


def in_packs(images: Tensor, m: int) -> Tensor:
    """Images m·i to m·i + m - 1 one behind the other, as the channels of one."""
    return torch.stack(
        [torch.cat([images[m * i + j] for j in range(m)]) for i in range(len(images) // m)]
    )


def oracle(nets: Nets, x: Tensor, z: Tensor, m: int) -> dict[str, Tensor]:
    """The losses in the words of the paper, with the logit D = -s of a pack."""
    assert nets.critic is not None
    fake = nets.generator(z)
    d_real, d_fake = -nets.critic(in_packs(x, m)), -nets.critic(in_packs(fake, m))
    one, zero = torch.ones_like(d_real), torch.zeros_like(d_real)
    e = nets.encoder(fake)
    z, e = (t - t.mean(1, keepdim=True) for t in (z, e))
    rho = (z * e).sum(1) / (z.square().sum(1).sqrt() * e.square().sum(1).sqrt())
    return {
        "critic": cross_entropy(d_real, one) + cross_entropy(d_fake, zero),
        "generator": cross_entropy(d_fake, one),
        "encoder": -rho.mean(),
    }


def own_gradients(nets: Nets, net: str, loss: Tensor) -> list[Tensor]:
    parameters = list(nets.named()[net].parameters())  # type: ignore[index]
    return list(
        torch.autograd.grad(
            loss, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
        )
    )


def grads(net: nn.Module) -> list[Tensor | None]:
    return [parameter.grad for parameter in net.parameters()]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
@pytest.mark.parametrize("m", PACKINGS)
def test_losses_and_gradients_are_those_of_the_formula(m: int, place: Place) -> None:
    objective = pac_gan(packing=m)
    nets, batch = made(objective, place), drawn(place[1])
    expected = oracle(nets, batch.x, batch.z, m)
    seen = ForwardPass(nets, batch)
    for net in nets.named():
        want = own_gradients(nets, net, expected[net])
        for each in nets.named().values():
            each.zero_grad(set_to_none=True)
        terms = objective.loss(net, seen)
        assert all(term.shape == (N,) for term in terms.values())
        torch.testing.assert_close(total(terms), expected[net], rtol=1e-12, atol=1e-14)
        gradients(net, terms, seen, retain_graph=True)
        for got, wanted in zip(grads(nets.named()[net]), want, strict=True):
            assert got is not None
            torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-13)
        for other, module in nets.named().items():
            assert other == net or grads(module) == [None] * len(grads(module)), (net, other)


@pytest.mark.parametrize("m", PACKINGS)
def test_gradients_are_finite_differences(m: int) -> None:
    objective, place = pac_gan(packing=m), ("mlp", POINT)
    nets, batch = made(objective, place), drawn(POINT)
    for net, module in nets.named().items():
        seen = ForwardPass(nets, batch)
        gradients(net, objective.loss(net, seen), seen)
        here = parameters_to_vector(module.parameters()).detach().clone()
        slope = parameters_to_vector([p.grad for p in module.parameters() if p.grad is not None])
        way = torch.randn(len(here), dtype=here.dtype, generator=random("way"))
        ends = []
        for h in (1e-5, -1e-5):
            vector_to_parameters(here + h * way, module.parameters())
            ends.append(total(objective.loss(net, ForwardPass(nets, batch))).item())
        vector_to_parameters(here, module.parameters())
        assert (slope @ way).item() == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_packs_of_one_are_a_plain_gan(place: Place) -> None:
    """Bit for bit the separate nets, of which E has no influence on G."""
    pac, plain = (
        pac_gan(packing=1, adversarial="linear", penalty="gradient_penalty"),
        separate(
            adversarial="linear",
            penalty="gradient_penalty",
            consistency_weight=1.0,
            to_generator=False,
        ),
    )
    trained = []
    for objective in (pac, plain):
        nets = made(objective, place)
        players = Trainables(
            nets, {n: torch.optim.Adam(net.parameters()) for n, net in nets.named().items()}
        )
        for _ in range(2):
            simultaneous().update(objective, players, [drawn(place[1])])
        trained.append([parameters_to_vector(net.parameters()) for net in nets.named().values()])
    for a, b in zip(*trained, strict=True):
        assert torch.equal(a, b)


def potential(critic: Any, real: Tensor, fake: Tensor) -> Tensor:
    delta: Tensor = (critic(real) - critic(fake))[:, 0]
    return 0.25 * delta**2 / (real - fake).square().mean((1, 2, 3))


def slope_at_real(critic: Any, real: Tensor, fake: Tensor) -> Tensor:
    real = real.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(real).sum(), real, create_graph=True)
    return 5 * slope.square().sum((1, 2, 3))


def slope_between(critic: Any, real: Tensor, fake: Tensor) -> Tensor:
    u = torch.rand(len(real), 1, 1, 1, generator=random("mixing")).double()
    points = ((1 - u) * real + u * fake).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return 10 * (slope.square().sum((1, 2, 3)).sqrt() - 1) ** 2


def differences(critic: Any, real: Tensor, fake: Tensor) -> Tensor:
    found: Tensor = torch.zeros(len(real)).double()
    for images, side in ((real, "real"), (fake, "fake")):
        drawn = torch.randn(images.numel(), generator=random(f"offset_{side}")).double()
        near = images + 0.01 * drawn.reshape(images.shape)
        found = found + (critic(near) - critic(images))[:, 0] ** 2 / 2e-4
    return found


@pytest.mark.parametrize(
    ("name", "penalty"),
    [
        ("quadratic_potential", potential),
        ("r1", slope_at_real),
        ("gradient_penalty", slope_between),
        ("r1_r2_differences", differences),
    ],
)
@pytest.mark.parametrize("m", PACKINGS)
def test_penalties_take_a_pack_for_one_image(
    m: int, name: str, penalty: Callable[[Any, Tensor, Tensor], Tensor]
) -> None:
    objective, place = pac_gan(packing=m, penalty=name), ("resnet", IMAGE)
    nets, batch = made(objective, place), drawn(IMAGE, m=m)
    real, fake = in_packs(batch.x, m), in_packs(nets.generator(batch.z), m)
    want = penalty(nets.critic, real, fake)
    got = objective.critic_loss(ForwardPass(nets, batch))["penalty"]
    torch.testing.assert_close(got, torch.stack([want] * m, dim=1).flatten())
    torch.testing.assert_close(
        own_gradients(nets, "critic", got.mean()), own_gradients(nets, "critic", want.mean())
    )


def test_the_order_of_a_batch_changes_its_packs_and_not_what_is_expected() -> None:
    """The mean over all orders of four points is the mean over all ordered pairs of them."""
    objective = pac_gan(packing=2)
    nets, batch = made(objective, ("mlp", POINT)), drawn(POINT, 4)

    def loss_of(order: tuple[int, ...]) -> float:
        seen = ForwardPass(nets, Batch(batch.x[list(order)], batch.z, None, None, 0.0))
        return total(objective.critic_loss(seen)).item()

    losses = {order: loss_of(order) for order in itertools.permutations(range(4))}
    assert losses[0, 1, 2, 3] == pytest.approx(losses[2, 3, 0, 1], rel=1e-12)
    assert abs(losses[0, 1, 2, 3] - losses[0, 2, 1, 3]) > 1e-5

    critic: Any = nets.critic
    pairs = [torch.cat([batch.x[i], batch.x[j]]) for i, j in itertools.permutations(range(4), 2)]
    real = torch.log(1 + critic(torch.stack(pairs)).exp()).mean()
    fake = torch.log(1 + (-critic(in_packs(nets.generator(batch.z), 2))).exp()).mean()
    mean = sum(losses.values()) / len(losses)
    assert mean == pytest.approx((real + fake).item(), rel=1e-12)


class OneMode(Generator):
    """G that makes one of the two points of the data, whatever z is."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return torch.ones(len(z), *POINT) + 0 * z.sum()


@pytest.mark.parametrize("m", PACKINGS)
def test_a_critic_of_packs_tells_a_dropped_mode_more_surely(m: int) -> None:
    """It reaches 2 ln 2 - 2 JS(P^m, Q^m) for P even on two points and Q on one of them.

    That a pack is of the one point alone has the probability p = 2^-m under P and 1 under Q.
    """
    objective = pac_gan(packing=m)
    nets = objective.build(architecture(("mlp", POINT), width=32))
    for name, net in nets.named().items():
        initialise(net, random(name))
    nets = Nets(nets.encoder, OneMode(), nets.critic)
    assert nets.critic is not None
    optimizer = torch.optim.Adam(nets.critic.parameters(), lr=1e-2)
    source = random("points")

    def loss(n: int) -> Tensor:
        x = (torch.randint(2, (n, 1, 1, 1), generator=source) * 2.0 - 1).expand(n, *POINT)
        batch = ForwardPass(nets, Batch(x, torch.zeros(n, D), None, None, 0.0))
        return total(objective.critic_loss(batch))

    for _ in range(150):
        optimizer.zero_grad()
        loss(128 * m).backward(inputs=list(nets.critic.parameters()))
        optimizer.step()
    p = 2.0**-m
    js = (p * math.log(2 * p / (1 + p)) + (1 - p) * math.log(2) + math.log(2 / (1 + p))) / 2
    assert loss(20_000 * m).item() == pytest.approx(2 * math.log(2) - 2 * js, abs=0.02)


@pytest.mark.parametrize("update", [simultaneous, alternating])
def test_a_packed_critic_scores_every_batch_once(update: Callable[..., Any]) -> None:
    objective = pac_gan(packing=4)
    nets = made(objective, ("mlp", POINT))
    assert nets.critic is not None
    shapes = []
    nets.critic.register_forward_hook(lambda _, seen, __: shapes.append(tuple(seen[0].shape)))
    players = Trainables(
        nets, {n: torch.optim.SGD(net.parameters(), lr=1e-3) for n, net in nets.named().items()}
    )
    rule = update()
    report = rule.update(objective, players, [drawn(POINT) for _ in rule.batches(0)])
    passes = 2 if update is simultaneous else 3  # the second time G alone is judged
    assert shapes == [(2, 8, 1, 1)] * passes
    assert set(report.diagnostics) >= {"score_real", "score_fake"}
    assert all(term.shape == (N,) for term in report.diagnostics.values())


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
def test_packing_changes_the_first_layer_of_the_critic_and_nothing_else(place: Place) -> None:
    plain, packed = (made(pac_gan(packing=m), place) for m in (1, 4))
    for name in ("encoder", "generator"):
        for a, b in zip(*(list(getattr(nets, name).parameters()) for nets in (plain, packed)),
                        strict=True):  # fmt: skip
            assert torch.equal(a, b)
    one, four = (list(nets.critic.parameters()) for nets in (plain, packed))  # type: ignore[union-attr]
    differ = [(a.shape, b.shape) for a, b in zip(one, four, strict=True) if a.shape != b.shape]
    for before, after in differ:
        assert (after[0], after[1], after[2:]) == (before[0], 4 * before[1], before[2:])
    # A residual block takes its input in twice.
    assert len(differ) == (2 if place[0] == "resnet" else 1)


def test_a_batch_that_cannot_be_cut_into_packs_is_refused() -> None:
    with pytest.raises(UserError, match=r"training\.batch_size: 8 images .* multiple of 3"):
        packs(torch.zeros(8, 1, 4, 4), 3)


def test_a_model_without_a_packed_critic_is_refused() -> None:
    family = architecture(("mlp", POINT))
    other = Architecture(D, family.encoder, family.generator, 0)
    with pytest.raises(UserError, match=r"pac_gan\.packing"):
        pac_gan().build(other)
    assert pac_gan(packing=1).build(other).critic is not None


def test_without_a_consistency_term_the_encoder_rests() -> None:
    objective = pac_gan(consistency="none")
    batch = ForwardPass(made(objective, ("mlp", POINT)), drawn(POINT))
    assert objective.encoder_loss(batch) == {}

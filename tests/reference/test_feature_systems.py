"""Systems with a loss on the features of the discriminator, against their formulas written anew.

An oracle writes the loss of every net in terms of the nets alone; its partial derivatives have to
equal the addressed gradients.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
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
from ogan_bench.objectives.base import Objective, draw_noise
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Net, Nets
from ogan_bench.objectives.systems.contrad import contrad, fakes_together, nt_xent
from ogan_bench.objectives.systems.dc_vae import dc_vae
from ogan_bench.objectives.systems.inv_gan import inv_gan
from ogan_bench.objectives.systems.random_views import view
from ogan_bench.training.updates import Trainables, gradients, simultaneous

N, D = 5, 6
Losses = dict[Net, Tensor]
Oracle = Callable[[Any, Any, Any, Tensor, Tensor], Losses]
"""E, G, the critic, x and z to the loss of every net."""


def architecture() -> Architecture:
    return dcgan(ImageShape(1, 16, 16), 0, z_dim=D, width=2)


def made(objective: Objective) -> Nets:
    """Nets in float64 with weights so large that images, codes and scores are far from constant."""
    nets = objective.build(architecture())
    for name, net in nets.named().items():
        initialise(net, random(name))
        net.double()
        for key, parameter in net.named_parameters():
            if parameter.abs().max() < 0.2:
                parameter.data.mul_(8)
            if key.endswith("bias"):
                noise = torch.randn(parameter.shape, generator=random(key), dtype=torch.float64)
                parameter.data.add_(noise, alpha=0.1)
    return nets


def random(name: str) -> torch.Generator:
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def drawn(objective: Objective) -> Batch:
    x = torch.rand(N, 1, 16, 16, dtype=torch.float64, generator=random("x")) * 2 - 1
    z = torch.randn(N, D, dtype=torch.float64, generator=random("z"))
    return Batch(x, z, None, None, 0.0, draw_noise(objective, x.shape, D, random))


# The formulas, in the words of their papers: logits, high for real images, are minus our scores


def of_inv_gan(code_weight: float, feature_weight: float, *, penalty: float = 0.0) -> Oracle:
    def oracle(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
        x = x.detach().requires_grad_()

        def logit(images: Tensor) -> Any:
            return -E(images)[:, D]

        def w(images: Tensor) -> Any:
            return E(images)[:, :D]

        inferred = w(x).data
        again = G(inferred)
        # One batch of 2n codes that G is given, the prior's and the inferred ones.
        given, images = torch.cat([z, inferred]), [G(z), again]
        fake = torch.cat([logit(part) for part in images])
        found = torch.cat([w(part) for part in images])
        code = code_weight * ((given - found) ** 2).mean()
        features = feature_weight * ((E.trunk(x) - E.trunk(again)) ** 2).mean()
        real = logit(x)
        slope = torch.autograd.grad(real.sum(), x, create_graph=True)[0]
        d_loss = -torch.sigmoid(real).log().mean() - (1 - torch.sigmoid(fake)).log().mean()
        return {
            "encoder": d_loss + penalty / 2 * slope.pow(2).sum((1, 2, 3)).mean() + code,
            "generator": -torch.sigmoid(fake).log().mean() + code + features,
        }

    return oracle


def seen(x: Tensor, name: str) -> Tensor:
    """A view as the objective draws it."""
    return view(x, torch.rand(N, 7, generator=random(name)).double(), crop=0.3, jitter=0.4)


def unit(points: Tensor) -> Tensor:
    return points / points.pow(2).sum(1, keepdim=True).sqrt()


def of_contrad(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    heads = E.score_head
    shown = {
        "first": seen(x, "view first"),
        "second": seen(x, "view second"),
        "fake": seen(G(z), "view fake"),
    }
    phi = {name: E.trunk(images) for name, images in shown.items()}

    # Each of 2n views against all but itself, with explicit sums.
    p = unit(torch.cat([heads["images"](phi["first"]), heads["images"](phi["second"])]))
    simclr = torch.zeros(())
    for i in range(2 * N):
        j = (i + N) % (2 * N)
        others = sum((p[i] @ p[k] / 0.2).exp() for k in range(2 * N) if k != i)
        simclr = simclr - ((p[i] @ p[j] / 0.2).exp() / others).log() / (2 * N)

    q = [unit(heads["kinds"](phi[name])) for name in ("first", "second", "fake")]
    fakes = q[2]
    supervised = torch.zeros(())
    for i in range(N):
        peers = [(fakes[i] @ fakes[k] / 0.2).exp() for k in range(N) if k != i]
        real = [(fakes[i] @ point / 0.2).exp() for point in (*q[0], *q[1])]
        total = sum(peers) + sum(real)
        supervised = supervised - sum((peer / total).log() for peer in peers) / (N - 1) / N

    def probability(features: Tensor) -> Any:
        return torch.sigmoid(-heads["score"](features))

    real, fake = probability(phi["first"].data), probability(phi["fake"].data)
    code = E.head(E.trunk(G(z)).data)
    return {
        "encoder": simclr + 0.7 * supervised - real.log().mean() - (1 - fake).log().mean()
        + ((z - code) ** 2).mean(),
        "generator": -probability(phi["fake"]).log().mean(),
    }  # fmt: skip


def of_dc_vae(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    mean, log_variance = E(x).split(D, dim=1)
    noise = torch.randn(N, D, generator=random("posterior real")).double()
    again = G(mean + (log_variance / 2).exp() * noise)
    kl = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum() * 0.01 / N

    def logit(images: Tensor) -> Any:
        return -critic.score_head(critic(images))

    q, k = unit(critic(again)), unit(critic(x)).data
    instance = torch.zeros(())
    for i in range(N):
        terms = [(q[i] @ k[j] / 0.5).exp() for j in range(N)]
        instance = instance - 0.7 * (terms[i] / sum(terms)).log() / N
    real, fake, rec = logit(x), logit(G(z)), logit(again)
    d_loss = (1 - real).relu().mean() + 0.5 * ((1 + fake).relu() + (1 + rec).relu()).mean()
    return {
        "critic": d_loss + instance,
        "encoder": -0.5 * rec.mean() + instance + kl,
        "generator": -0.5 * (fake + rec).mean() + instance,
    }


@dataclass(frozen=True)
class System:
    objective: Objective
    oracle: Oracle


SYSTEMS = {
    "inv_gan": System(inv_gan(code_weight=0.7, feature_weight=0.3), of_inv_gan(0.7, 0.3)),
    "inv_gan-r1": System(
        inv_gan(penalty="r1", code_weight=0.7), of_inv_gan(0.7, 1.0, penalty=10.0)
    ),
    "contrad": System(
        contrad(fake_weight=0.7, temperature=0.2, crop=0.3, hidden=8), of_contrad
    ),
    "dc_vae": System(
        dc_vae(beta=0.01, instance_weight=0.7, temperature=0.5, features=7), of_dc_vae
    ),
}  # fmt: skip


@pytest.fixture(params=list(SYSTEMS.values()), ids=list(SYSTEMS))
def system(request: pytest.FixtureRequest) -> System:
    chosen: System = request.param
    return chosen


def parameters(nets: Nets, net: Net) -> list[Tensor]:
    return list(nets.named()[net].parameters())


def addressed(objective: Objective, net: Net, *terms: str) -> list[Tensor]:
    """Gradient of some terms of a net's loss, or of all, as an update takes it."""
    batch = ForwardPass(made(objective), drawn(objective))
    loss = objective.loss(net, batch)
    gradients(net, {name: loss[name] for name in terms or loss}, batch)
    found = []
    for name, module in batch.nets.named().items():
        for parameter in module.parameters():
            assert parameter.grad is None or name == net
            if name == net:
                zero = torch.zeros_like(parameter)
                found.append(zero if parameter.grad is None else parameter.grad)
    return found


def partial_derivatives(system: System, net: Net) -> tuple[Tensor, list[Tensor]]:
    nets = made(system.objective)
    batch = drawn(system.objective)
    loss = system.oracle(nets.encoder, nets.generator, nets.critic, batch.x, batch.z)[net]
    return loss, slope(loss, nets, net)


def slope(loss: Tensor, nets: Nets, net: Net) -> list[Tensor]:
    """Zero where a loss does not depend on a parameter."""
    return list(torch.autograd.grad(loss, parameters(nets, net), materialize_grads=True))


def differ(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """Relative distance of two gradients."""
    a, b = (torch.cat([g.flatten() for g in found]) for found in (ours, theirs))
    return float((a - b).norm() / b.norm())


def test_losses_and_gradients_are_those_of_the_formulas(system: System) -> None:
    nets = made(system.objective)
    for net in nets.named():
        wanted, theirs = partial_derivatives(system, net)
        terms = system.objective.loss(net, ForwardPass(nets, drawn(system.objective)))
        assert all(term.shape == (N,) for term in terms.values())
        torch.testing.assert_close(sum(term.mean() for term in terms.values()), wanted)
        assert differ(addressed(system.objective, net), theirs) < 1e-9, net


def test_one_pass_serves_all_nets(system: System) -> None:
    """Addressed gradients of one pass, as simultaneous updates take them, are those of passes."""
    nets = made(system.objective)
    batch = ForwardPass(nets, drawn(system.objective))
    losses = {net: system.objective.loss(net, batch) for net in nets.named()}
    for net in losses:
        gradients(net, losses[net], batch, retain_graph=True)
    for net in losses:
        found = [p.grad for p in parameters(nets, net) if p.grad is not None]
        assert len(found) == len(parameters(nets, net))
        assert differ(found, addressed(system.objective, net)) < 1e-12, net


def test_diagnostics_are_of_the_weights_before_the_step(system: System) -> None:
    objective = system.objective
    nets = made(objective)
    expected = objective.diagnostics(ForwardPass(nets, drawn(objective)))
    optimizers = {n: torch.optim.SGD(m.parameters(), lr=0.1) for n, m in nets.named().items()}
    report = simultaneous().update(objective, Trainables(nets, optimizers), [drawn(objective)])
    assert {"score_real", "score_fake"} <= set(report.diagnostics)
    for name, value in expected.items():
        torch.testing.assert_close(report.diagnostics[name], value.detach())


@pytest.mark.parametrize("name", SYSTEMS)
def test_low_scores_are_real(name: str) -> None:
    """After a few steps of the discriminator alone, real images score below generated ones."""
    objective = SYSTEMS[name].objective
    nets = made(objective)
    judge: Net = "encoder" if nets.critic is None else "critic"
    optimizer = torch.optim.Adam(nets.named()[judge].parameters(), lr=1e-2)
    for _ in range(10):
        batch = ForwardPass(nets, drawn(objective))
        gradients(judge, objective.loss(judge, batch), batch)
        optimizer.step()
    batch = ForwardPass(nets, drawn(objective))
    objective.loss(judge, batch)
    found = objective.diagnostics(batch)
    assert found["score_real"].mean() < found["score_fake"].mean()


@pytest.mark.parametrize("name", ["inv_gan", "dc_vae"])
def test_reconstructions_and_generated_images_have_half_of_the_weight_each(name: str) -> None:
    objective = SYSTEMS[name].objective
    batch = ForwardPass(made(objective), drawn(objective))
    found = objective.generator_loss(batch)["adversarial"]
    h = F.softplus if name == "inv_gan" else nn.Identity()
    scores = objective.diagnostics(batch)
    torch.testing.assert_close(found, (h(scores["score_fake"]) + h(scores["score_again"])) / 2)
    assert not torch.allclose(scores["score_fake"], scores["score_again"])


# InvGAN


def test_codes_of_real_images_pass_no_gradient_to_e() -> None:
    """Neither as inputs of G nor as targets; with it the gradient would be another one."""
    objective = inv_gan()
    ours = addressed(objective, "encoder", "code")
    for attached in ("input", "target"):
        nets, x = made(objective), drawn(objective).x
        batch = ForwardPass(nets, drawn(objective))
        code = nets.encoder(x)[:, :D]
        again = nets.generator(code if attached == "input" else code.detach())
        target = code if attached == "target" else code.detach()
        errors = (batch.z - batch.e_fake[:, :D], target - nets.encoder(again)[:, :D])
        loss = torch.stack([error.square().mean() for error in errors]).mean()
        assert differ(ours, slope(loss, nets, "encoder")) > 1e-3, attached


def test_an_exact_inverse_has_no_errors() -> None:
    """Where all images are of one z, that z, and E is constant."""
    objective = inv_gan()
    nets, batch = made(objective), drawn(objective)
    z = batch.z[:1].expand(N, D).clone()
    for parameter in nets.encoder.head.parameters():
        parameter.data.zero_()
    nets.encoder.head.bias.data[:D] = z[0]
    x = nets.generator(z).detach()
    terms = objective.generator_loss(ForwardPass(nets, Batch(x, z, None, None, 0.0)))
    for name in ("code", "features"):
        torch.testing.assert_close(terms[name], torch.zeros(N, dtype=torch.float64))


# ContraD


def orthogonal(n: int) -> Tensor:
    """n points of any length, orthogonal to each other."""
    return torch.eye(n, dtype=torch.float64) * torch.arange(1.0, n + 1, dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_contrastive_losses_of_perfect_and_of_useless_representations(temperature: float) -> None:
    """Useless: all alike. Perfect: alike where they should be, otherwise orthogonal."""
    alike = torch.full((N, 3), 2.0, dtype=torch.float64)
    one = torch.ones(N, dtype=torch.float64)
    useless = nt_xent(alike, alike, temperature)
    torch.testing.assert_close(useless, one * math.log(2 * N - 1))
    useless = fakes_together(alike, alike, alike, temperature)
    torch.testing.assert_close(useless, one * math.log(3 * N - 1))

    apart, away = orthogonal(N + 1)[:N], orthogonal(N + 1)[-1:].expand(N, N + 1)
    small = math.exp(-1 / temperature)
    perfect = nt_xent(apart, 3 * apart, temperature)
    torch.testing.assert_close(perfect, one * math.log(1 + (2 * N - 2) * small))
    perfect = fakes_together(apart, apart, away, temperature)
    torch.testing.assert_close(perfect, one * math.log(N - 1 + 2 * N * small))


@pytest.mark.parametrize(
    ("term", "reached"),
    [
        ("images", {"trunk", "score_head.images"}),
        ("fakes", {"trunk", "score_head.kinds"}),
        ("adversarial", {"score_head.score"}),
        ("code", {"head"}),
    ],
)
def test_only_contrastive_losses_train_the_representation(term: str, reached: set[str]) -> None:
    objective = SYSTEMS["contrad"].objective
    names = [name for name, _ in made(objective).encoder.named_parameters()]
    found = zip(names, addressed(objective, "encoder", term), strict=True)
    moved = {name for name, gradient in found if gradient.any()}
    assert {name.partition(".")[0] for name in moved} == {r.partition(".")[0] for r in reached}
    assert all(any(name.startswith(r) for r in reached) for name in moved)


def test_the_two_views_of_an_image_differ_and_so_do_those_of_images() -> None:
    objective = contrad()
    noise = drawn(objective).noise
    assert set(noise) == {"view first", "view second", "view fake"}
    shown = [view(torch.ones(1, 1, 8, 8).double(), u[None], crop=0.2, jitter=0.4)
             for drawn_numbers in noise.values() for u in drawn_numbers.double()]  # fmt: skip
    assert len({tuple(each.flatten().tolist()) for each in shown}) == 3 * N


def test_a_batch_of_one_image_is_refused() -> None:
    with pytest.raises(UserError, match=r"training\.batch_size: .* at least 2"):
        contrad().noise(1, D)


# Random views


def numbers(n: int, name: str = "numbers") -> Tensor:
    return torch.rand(n, 7, dtype=torch.float64, generator=random(name))


def test_crops_are_those_of_torchs_sampling_on_a_grid() -> None:
    images = torch.randn(50, 3, 6, 9, dtype=torch.float64, generator=random("images"))
    drawn_numbers, crop = numbers(50), 0.2
    found = view(images, drawn_numbers, crop=crop, jitter=0)
    for image, u, shown in zip(images, drawn_numbers, found, strict=True):
        area = crop + (1 - crop) * u[0]
        ratio = torch.minimum(torch.tensor(4 / 3, dtype=torch.float64), 1 / area) ** (2 * u[1] - 1)
        height, width = (area / ratio).sqrt(), (area * ratio).sqrt()
        assert max(height, width) <= 1 + 1e-12
        # The grid goes from -1 to 1.
        middle = [2 * (p * (1 - s) + s / 2) - 1 for p, s in ((u[3], width), (u[2], height))]
        affine = [[width, 0, middle[0]], [0, height, middle[1]]]
        theta = torch.tensor(affine, dtype=torch.float64)
        grid = F.affine_grid(theta[None], [1, 3, 6, 9], align_corners=False)
        expected = F.grid_sample(image[None], grid, padding_mode="border", align_corners=False)
        torch.testing.assert_close(shown, expected[0])


def test_the_whole_image_without_jitter_is_the_image() -> None:
    images = torch.randn(4, 3, 5, 5, dtype=torch.float64, generator=random("images"))
    torch.testing.assert_close(view(images, numbers(4), crop=1, jitter=0), images)


def test_colours_are_multiplied_by_factors() -> None:
    """In [0, 1] and by hand: brightness, then contrast about the mean, then saturation."""
    images = torch.rand(4, 3, 5, 5, dtype=torch.float64, generator=random("images"))
    drawn_numbers = numbers(4)
    found = (view(2 * images - 1, drawn_numbers, crop=1, jitter=0.4) + 1) / 2
    for image, u, shown in zip(images, drawn_numbers, found, strict=True):
        brightness, contrast, saturation = 0.6 + 0.8 * u[4:]
        assert 0.6 <= min(brightness, contrast, saturation) < 1.4
        image = brightness * image
        image = contrast * image + (1 - contrast) * image.mean()
        image = saturation * image + (1 - saturation) * image.mean(0)
        torch.testing.assert_close(shown, image)


def test_points_are_moved_by_colours_alone() -> None:
    points = torch.randn(4, 2, 1, 1, dtype=torch.float64, generator=random("points"))
    torch.testing.assert_close(view(points, numbers(4), crop=0.2, jitter=0), points)


def test_views_are_differentiable_twice() -> None:
    images = torch.randn(2, 1, 3, 3, dtype=torch.float64, generator=random("images"))
    images.requires_grad_()
    assert torch.autograd.gradgradcheck(
        lambda x: view(x, numbers(2), crop=0.2, jitter=0.4).square(), images
    )


# DC-VAE


def test_the_features_that_name_an_image_are_constants() -> None:
    objective = dc_vae(temperature=0.5)
    ours = addressed(objective, "critic", "instance")
    nets, batch = made(objective), ForwardPass(made(objective), drawn(objective))
    assert nets.critic is not None
    again = objective.reconstruction(batch).detach()  # type: ignore[attr-defined]
    similarity = unit(nets.critic(again)) @ unit(nets.critic(batch.x.detach())).T / 0.5
    attached = F.cross_entropy(similarity, torch.arange(N))
    assert differ(ours, slope(attached, nets, "critic")) > 1e-3


def test_a_useless_critic_takes_the_log_of_all_images_to_name_one() -> None:
    objective = dc_vae(instance_weight=0.5)
    nets = made(objective)
    critic = nets.critic
    assert critic is not None
    critic.get_parameter("head.weight").data.zero_()
    terms = objective.encoder_loss(ForwardPass(nets, drawn(objective)))
    expected = torch.full((N,), 0.5 * math.log(N), dtype=torch.float64)
    torch.testing.assert_close(terms["instance"], expected)

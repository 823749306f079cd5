"""Systems with a critic, or another adversary than O-GAN's, against their formulas written anew.

An oracle writes the loss of every net of a system in terms of the nets alone. That the other nets
are constants to a net's loss is what partial derivatives are: those of the oracle have to equal
the addressed gradients.
"""

from __future__ import annotations

import copy
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture
from ogan_bench.models.dcgan import dcgan
from ogan_bench.models.initialisation import initialise
from ogan_bench.objectives.base import Objective, draw_noise
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Nets
from ogan_bench.objectives.systems.age import age
from ogan_bench.objectives.systems.alae import alae
from ogan_bench.objectives.systems.bigan import ali, bigan
from ogan_bench.objectives.systems.bigan_qp import bigan_qp
from ogan_bench.objectives.systems.bigbigan import bigbigan
from ogan_bench.objectives.systems.gan_qp import gan_qp
from ogan_bench.objectives.systems.info_gan import info_gan
from ogan_bench.objectives.systems.lia import AdditiveCoupling, lia
from ogan_bench.objectives.systems.mapped_generator import MappedGenerator
from ogan_bench.objectives.systems.moment_matching import moment_matching, squared_moments
from ogan_bench.objectives.systems.post_hoc import post_hoc
from ogan_bench.objectives.systems.rcf_gan import rcf_gan
from ogan_bench.objectives.systems.separate import separate
from ogan_bench.objectives.systems.triple_critics import triple_critics
from ogan_bench.objectives.systems.veegan import veegan
from ogan_bench.study.parts import component_of
from ogan_bench.training.updates import Trainables, alternating, gradients, simultaneous, total

N, D = 5, 6
Losses = dict[str, Tensor]
Oracle = Callable[[Any, Any, Any, Tensor, Tensor], Losses]
"""E, G, the critic, x and z to the loss of every net."""


def architecture(classes: int = 0) -> Architecture:
    return dcgan(ImageShape(1, 16, 16), classes, z_dim=D, width=2)


def made(objective: Objective) -> Nets:
    """Nets in float64 with weights so large that images, codes and scores are far from constant."""
    nets = objective.build(architecture())
    for name, net in nets.named().items():
        initialise(net, torch.Generator().manual_seed(len(name)))
        net.double()
        for key, parameter in net.named_parameters():
            if parameter.abs().max() < 0.2:
                parameter.data.mul_(8)
            if key.endswith("bias"):
                seed = torch.Generator().manual_seed(zlib.crc32(key.encode()))
                parameter.data.add_(
                    torch.randn(parameter.shape, generator=seed, dtype=torch.float64), alpha=0.1
                )
    return nets


def random(name: str) -> torch.Generator:
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def drawn(objective: Objective, progress: float = 0.0, number: int = 0) -> Batch:
    source = torch.Generator().manual_seed(1 + number)
    x = torch.rand(N, 1, 16, 16, dtype=torch.float64, generator=source) * 2 - 1
    z = torch.randn(N, D, dtype=torch.float64, generator=source)
    noise = draw_noise(objective, x.shape, D, random)
    return Batch(x, objective.prior(z), None, None, progress, noise)


# The formulas, in the words of their papers; where these differ, a logit or T is minus our score.


def sp(logit: Tensor) -> Tensor:
    """-log sigmoid(-logit) = log(1 + e^logit)."""
    return (1 + logit.exp()).log()


def rho(z: Tensor, e: Tensor) -> Tensor:
    """ρ by its definition: covariance over the product of population standard deviations."""
    z, e = z - z.mean(1, keepdim=True), e - e.mean(1, keepdim=True)
    return (z * e).mean(1) / (z.square().mean(1).sqrt() * e.square().mean(1).sqrt())


def mean_abs(difference: Tensor) -> Tensor:
    return difference.abs().reshape(len(difference), -1).mean(1)


def mean_square(difference: Tensor) -> Tensor:
    return difference.pow(2).reshape(len(difference), -1).mean(1)


def of_gan_qp(norm: str) -> Oracle:
    def oracle(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
        def score(images: Tensor) -> Any:
            return -E.score_head(E(images))[:, 0]

        fake = G(z)
        delta = score(x) - score(fake)
        pixels = x - fake
        d = mean_abs(pixels) if norm == "l1" else mean_square(pixels).sqrt()
        return {
            "encoder": (-delta + 0.5 * delta**2 / (10 * d)).mean(),
            "generator": (score(x) - score(fake)).mean(),
        }

    return oracle


def qp(real: Tensor, fake: Tensor, s_real: Tensor, s_fake: Tensor) -> Tensor:
    delta = s_real - s_fake
    return delta + 0.25 * delta**2 / mean_square(real - fake)


def of_separate(to_generator: bool) -> Oracle:
    def oracle(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
        fake = G(z)
        s_real, s_fake = critic(x).squeeze(), critic(fake).squeeze()
        tied = -0.7 * rho(z, E(fake)).mean()
        return {
            "encoder": tied,
            "generator": s_fake.mean() + (tied if to_generator else 0),
            "critic": qp(x, fake, s_real, s_fake).mean(),
        }

    return oracle


def of_gan_phase(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    fake = G(z)
    s_real, s_fake = critic(x).squeeze(), critic(fake).squeeze()
    return {"generator": s_fake.mean(), "critic": qp(x, fake, s_real, s_fake).mean()}


def of_encoder_phase(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    return {"encoder": (z - E(G(z))).pow(2).mean()}


def of_lia(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor, finished: bool) -> Losses:
    """The authors' logits are minus our scores; their maps subtract on the way from z to w."""
    x = x.detach().requires_grad_()
    w = z
    for layer in G.mapping:
        a, b = w[:, : D // 2], w[:, D // 2 :]
        first, _, second, _ = layer.shift
        hidden = leaky(a @ first.weight.T + first.bias)
        b = b - leaky(hidden @ second.weight.T + second.bias)
        w = torch.cat([a, b], 1)[:, list(range(D))[::-1]]
    S = copy.deepcopy(G.synthesis).eval() if finished else G.synthesis
    image = S(E(x) if finished else w)
    real, fake = -critic(x).squeeze(), -critic(image).squeeze()
    slope = torch.autograd.grad(real.sum(), x, create_graph=True)[0]
    judge = sp(fake) + sp(-real) + 10 / 2 * slope.pow(2).sum((1, 2, 3))
    forger = sp(-fake).mean()
    losses = {"critic": judge.mean()}
    if finished:
        return {**losses, "encoder": mean_square(image - x).mean() + 0.3 * forger}
    return {**losses, "generator": forger}


def leaky(t: Tensor) -> Tensor:
    return torch.maximum(t, t / 5)


def of_bigan(gaussian: bool) -> Oracle:
    def oracle(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
        code = E(x)
        if gaussian:
            mean, log_variance = code.split(D, dim=1)
            noise = torch.randn(N, D, generator=random("posterior real"))
            code = mean + log_variance.exp().sqrt() * noise

        def logit(images: Tensor, codes: Tensor) -> Any:
            return -critic.joint(torch.cat([critic.trunk(images), codes], 1))[:, 0]

        # V = E log D(x, E(x)) + E log(1 - D(G(z), z)); the critic maximises it, and E and G
        # minimise what has the labels swapped.
        real, fake = torch.sigmoid(logit(x, code)), torch.sigmoid(logit(G(z), z))
        swapped = -(1 - real).log() - fake.log()
        return {
            "critic": (-real.log() - (1 - fake).log()).mean(),
            "encoder": swapped.mean(),
            "generator": swapped.mean(),
        }

    return oracle


def of_bigan_qp(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    """The author's: one loss for E and G together, in which two gradients are stopped."""

    def score(images: Tensor, codes: Tensor) -> Any:
        return -critic.joint(torch.cat([critic.trunk(images), codes], 1))[:, 0]

    delta = score(x, E(x)) - score(G(z), z)
    d = 10 * (mean_abs(x - G(z)) + mean_abs(E(x) - z))
    both = delta + 2 * mean_square(z - E(G(z).detach())) + 3 * mean_square(x - G(E(x).detach()))
    return {
        "critic": (-delta + 0.5 * delta**2 / d).mean(),
        "encoder": both.mean(),
        "generator": both.mean(),
    }


def of_bigbigan(unary: bool, stochastic: bool) -> Oracle:
    """The paper's s_x, s_z and s_xz, which are high for real pairs, and y = ±1."""

    def oracle(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
        def scores(images: Tensor, codes: Tensor) -> list[Any]:
            f, h = critic.trunk(images), critic.of_code(codes)
            s_xz = -critic.joint(torch.cat([f, h], 1))[:, 0]
            if not unary:
                return [s_xz]
            s_x, s_z = (
                -(seen @ head.weight[0] + head.bias)
                for seen, head in zip((f, h), critic.alone, strict=True)
            )
            return [s_x, s_z, s_xz]

        code = E(x)
        if stochastic:
            mean, log_variance = code.split(D, dim=1)
            noise = torch.randn(N, D, generator=random("posterior real"))
            code = mean + (log_variance / 2).exp() * noise
        real, fake = scores(x, code), scores(G(z), z)

        def h(t: Tensor) -> Tensor:
            return torch.maximum(torch.zeros_like(t), 1 - t).mean()

        both = sum(s.mean() for s in real) - sum(s.mean() for s in fake)
        return {
            "critic": torch.stack([h(s) for s in real] + [h(-s) for s in fake]).sum(),
            "encoder": both,
            "generator": both,
        }

    return oracle


def of_veegan(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    """The paper's D(z, x), which says that a pair is generated."""

    def d(codes: Tensor, images: Tensor) -> Any:
        return critic.joint(torch.cat([critic.trunk(images), codes], 1))[:, 0]

    generated, real = torch.sigmoid(d(z, G(z))), torch.sigmoid(d(E(x), x))
    noise = 0.3 * torch.linalg.vector_norm(z - E(G(z)), dim=1).pow(2).mean()
    return {
        "critic": -generated.log().mean() - (1 - real).log().mean(),
        "encoder": noise,
        "generator": d(z, G(z)).mean() + noise,
    }


def of_info_gan(k: int, binary: bool) -> Oracle:
    def oracle(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
        real, fake = E(x), E(G(z))
        c, q = z[:, :k], fake[:, :k]
        if binary:
            nats = binary_cross_entropy_with_logits(q, (c + 1) / 2, reduction="none").sum(1)
        else:
            variance_one = Normal(q, torch.ones_like(q))
            nats = (variance_one.log_prob(q) - variance_one.log_prob(c)).sum(1)
        information = 0.3 * nats.mean()
        real, fake = torch.sigmoid(-real[:, k]), torch.sigmoid(-fake[:, k])
        return {
            "encoder": (-real.log() - (1 - fake).log()).mean() + information,
            "generator": -fake.log().mean() + information,
        }

    return oracle


def of_triple_critics(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    def a(images: Tensor) -> Any:
        return critic["image"](images).flatten()

    def b(codes: Tensor) -> Any:
        return critic["code"](codes).flatten()

    def r(images: Tensor) -> Any:
        return critic["reconstruction"](images).flatten()

    fake, code = G(z), E(x)
    again = G(code)
    tied = 0.5 * mean_square(z - E(fake)).mean()
    return {
        "critic": (
            qp(x, fake, a(x), a(fake)) + qp(z, code, b(z), b(code)) + qp(x, again, r(x), r(again))
        ).mean(),
        "encoder": (b(code) + r(again)).mean() + tied,
        "generator": (a(fake) + r(again)).mean() + tied,
    }


def of_moment_matching(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    e_fake = E(G(z))
    s_real, s_fake = E(x).mean(1), e_fake.mean(1)
    tied = -0.5 * rho(z, e_fake).mean()

    def variance(s: Tensor) -> Tensor:
        return s.pow(2).mean() - s.mean() ** 2

    return {
        "encoder": (s_real.mean() - 0.2) ** 2
        + (variance(s_real) - 1) ** 2
        + (s_fake.mean() - 1.5) ** 2
        + (variance(s_fake) - 1) ** 2
        + tied,
        "generator": (s_fake.mean() - 0.2) ** 2 + tied,
    }


def of_alae(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    F, S = G.mapping, G.synthesis
    x = x.detach().requires_grad_()

    def logit(images: Tensor) -> Any:
        return -E.score_head(E(images)).flatten()

    real, w = logit(x), F(z)
    slope = torch.autograd.grad(real.sum(), x, create_graph=True)[0]
    step_1 = sp(logit(S(w))) + sp(-real) + 10 / 2 * slope.pow(2).sum((1, 2, 3))
    step_2 = sp(-logit(S(w)))
    step_3 = 2 * mean_square(w.detach() - E(S(w.detach())))
    return {"encoder": (step_1 + step_3).mean(), "generator": (step_2 + step_3).mean()}


def of_age(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
    def unit(codes: Tensor) -> Tensor:
        return codes / codes.pow(2).sum(1, keepdim=True).sqrt()

    def kl(codes: Tensor) -> Tensor:
        mean = codes.sum(0) / N
        fitted = Normal(mean, ((codes - mean).pow(2).sum(0) / N).sqrt())
        return kl_divergence(fitted, Normal(torch.zeros_like(mean), 1.0)).mean()

    real, fake = math.sqrt(D) * unit(E(x)), math.sqrt(D) * unit(E(G(z)))
    return {
        "encoder": kl(real) - kl(fake) + 3 * mean_abs(x - G(real)).mean(),
        "generator": kl(fake) + 7 * mean_square(unit(z) - unit(E(G(z)))).mean() / 2,
    }


def of_rcf_gan(alpha: float, t_net: bool) -> Oracle:
    """By complex numbers: the paper's amplitudes and phases."""

    def oracle(E: Any, G: Any, critic: Any, x: Tensor, z: Tensor) -> Losses:
        t = torch.randn(N, D, generator=random("points")).double() / D**0.5
        if t_net:
            t = t * critic(torch.randn(N, D, generator=random("scales")).double())

        def distance(a: Tensor, b: Tensor) -> Tensor:
            phi_a, phi_b = (torch.exp(1j * (t @ codes.T)).mean(1) for codes in (a, b))
            r, s = phi_a.abs(), phi_b.abs()
            turned = 1 - torch.cos(phi_a.angle() - phi_b.angle())
            squared = alpha * (r - s) ** 2 + (1 - alpha) * 2 * r * s * turned
            return (2 * squared).sqrt().mean()

        real, fake = E(x), E(G(z))
        game = distance(z, real) - distance(z, fake)
        losses = {
            "encoder": game + 0.3 * mean_square(z - fake).mean(),
            "generator": distance(real, fake),
        }
        return {**losses, "critic": game} if t_net else losses

    return oracle


@dataclass(frozen=True)
class System:
    objective: Objective
    oracle: Oracle
    progress: float = 0.0


SYSTEMS = {
    "gan_qp-l1": System(gan_qp(norm="l1"), of_gan_qp("l1")),
    "gan_qp-l2": System(gan_qp(), of_gan_qp("l2")),
    "separate": System(separate(consistency_weight=0.7), of_separate(to_generator=True)),
    "separate-regressor": System(
        separate(consistency_weight=0.7, to_generator=False), of_separate(to_generator=False)
    ),
    "post_hoc-first": System(post_hoc(gan_share=0.3), of_gan_phase, progress=0.29),
    "post_hoc-then": System(post_hoc(gan_share=0.3), of_encoder_phase, progress=0.3),
    "lia-first": System(
        lia(adversarial_weight=0.3, gan_share=0.3, hidden=8),
        partial(of_lia, finished=False),
        progress=0.29,
    ),
    "lia-then": System(
        lia(adversarial_weight=0.3, gan_share=0.3, hidden=8),
        partial(of_lia, finished=True),
        progress=0.3,
    ),
    "bigan": System(bigan(hidden=8), of_bigan(gaussian=False)),
    "bigan-gaussian": System(bigan(encoder="gaussian", hidden=8), of_bigan(gaussian=True)),
    "ali": System(ali(hidden=8), of_bigan(gaussian=True)),
    "bigan_qp": System(bigan_qp(hidden=8), of_bigan_qp),
    "bigbigan": System(bigbigan(hidden=8), of_bigbigan(unary=True, stochastic=True)),
    "bigbigan-pairs": System(
        bigbigan(unary=False, encoder="deterministic", hidden=8),
        of_bigbigan(unary=False, stochastic=False),
    ),
    "veegan": System(veegan(hidden=8, latent_weight=0.3), of_veegan),
    "info_gan": System(info_gan(information_weight=0.3), of_info_gan(D, binary=False)),
    "info_gan-part": System(
        info_gan(code_dims=2, information_weight=0.3), of_info_gan(2, binary=False)
    ),
    "info_gan-binary": System(
        info_gan(code_dims=4, code="binary", information_weight=0.3), of_info_gan(4, binary=True)
    ),
    "triple_critics": System(triple_critics(hidden=8), of_triple_critics),
    "moment_matching": System(moment_matching(real_mean=0.2, fake_mean=1.5), of_moment_matching),
    "alae": System(alae(latent_weight=2.0), of_alae),
    "age": System(age(image_weight=3.0, latent_weight=7.0), of_age),
    "rcf_gan": System(rcf_gan(reciprocal_weight=0.3), of_rcf_gan(0.5, t_net=True)),
    "rcf_gan-gaussian": System(
        rcf_gan(amplitude=0.8, reciprocal_weight=0.3, t_net=False), of_rcf_gan(0.8, t_net=False)
    ),
}


@pytest.fixture(params=list(SYSTEMS.values()), ids=list(SYSTEMS))
def system(request: pytest.FixtureRequest) -> System:
    chosen: System = request.param
    return chosen


def copied(nets: Nets) -> dict[str, list[Tensor]]:
    """Parameters as they are now."""
    return {
        net: [parameter.detach().clone() for parameter in module.parameters()]
        for net, module in nets.named().items()
    }


def moved(nets: Nets, before: dict[str, list[Tensor]]) -> set[str]:
    """Nets of which a parameter differs."""
    return {
        net
        for net, parameters in copied(nets).items()
        if any(not torch.equal(*pair) for pair in zip(before[net], parameters, strict=True))
    }


def adam(nets: Nets) -> Trainables:
    return Trainables(
        nets, {net: torch.optim.Adam(m.parameters(), lr=1e-3) for net, m in nets.named().items()}
    )


def grads(net: nn.Module) -> dict[str, Tensor | None]:
    return {name: parameter.grad for name, parameter in net.named_parameters()}


def test_terms_are_per_sample_and_finite(system: System) -> None:
    objective = system.objective
    batch = ForwardPass(made(objective), drawn(objective, system.progress))
    found = {
        f"{net}.{name}": term
        for net in batch.nets.named()
        for name, term in objective.loss(net, batch).items()
    } | dict(objective.diagnostics(batch))
    assert found
    for name, term in found.items():
        assert term.shape == (N,), name
        assert term.isfinite().all(), name


def test_addressed_gradients_equal_partial_derivatives_of_the_formulas(system: System) -> None:
    """All of one pass, as simultaneous updates take them; a net without a loss gets none."""
    objective = system.objective
    nets = made(objective)
    drawn_batch = drawn(objective, system.progress)
    expected = system.oracle(
        nets.encoder, nets.generator, nets.critic, drawn_batch.x, drawn_batch.z
    )
    wanted = {
        net: torch.autograd.grad(
            expected[net], list(module.parameters()), retain_graph=True, allow_unused=True
        )
        for net, module in nets.named().items()
        if net in expected
    }

    batch = ForwardPass(nets, drawn_batch)
    losses = {net: objective.loss(net, batch) for net in nets.named()}
    assert {net for net, terms in losses.items() if terms} == set(expected)
    for net in wanted:
        gradients(net, losses[net], batch, retain_graph=True)
    for net, module in nets.named().items():
        if net not in wanted:
            assert all(gradient is None for gradient in grads(module).values())
            continue
        for (name, got), want in zip(grads(module).items(), wanted[net], strict=True):
            assert got is not None, f"{net}.{name}"
            assert want is not None, f"{net}.{name}"
            torch.testing.assert_close(got, want, rtol=1e-7, atol=1e-10, msg=f"{net}.{name}")


@pytest.mark.parametrize("name", ["veegan", "age", "rcf_gan", "rcf_gan-gaussian"])
def test_losses_equal_the_formulas(name: str) -> None:
    """With the constants of these, which no gradient shows."""
    system = SYSTEMS[name]
    nets, drawn_batch = made(system.objective), drawn(system.objective)
    x, z = drawn_batch.x, drawn_batch.z
    expected = system.oracle(nets.encoder, nets.generator, nets.critic, x, z)
    batch = ForwardPass(nets, drawn_batch)
    assert set(expected) == set(nets.named())
    for net in nets.named():
        torch.testing.assert_close(total(system.objective.loss(net, batch)), expected[net])


def test_gradients_reach_all_of_the_own_net_and_nothing_else(system: System) -> None:
    objective = system.objective
    nets = made(objective)
    for net, module in nets.named().items():
        batch = ForwardPass(nets, drawn(objective, system.progress))
        terms = objective.loss(net, batch)
        if not terms:
            continue
        for other in nets.named().values():
            other.zero_grad(set_to_none=True)
        gradients(net, terms, batch)
        for name, gradient in grads(module).items():
            assert gradient is not None, f"{net}.{name}"
            # Batch norm takes away what a bias before it adds, so its gradient may be zero.
            assert gradient.any() or name.endswith("bias"), f"{net}.{name}"
        for other_name, other in nets.named().items():
            if other_name != net:
                assert all(gradient is None for gradient in grads(other).values()), other_name


@pytest.mark.parametrize("update", [simultaneous, alternating])
def test_every_net_with_a_loss_moves_and_every_other_rests(
    system: System, update: Callable[..., Any]
) -> None:
    objective = system.objective
    nets = made(objective)
    before = copied(nets)
    rule = update()
    batches = [drawn(objective, system.progress, images + z) for images, z in rule.batches(0)]
    report = rule.update(objective, adam(nets), batches)
    assert moved(nets, before) == {net for net, terms in report.losses.items() if terms}
    assert set(report.losses) == set(nets.named())
    assert all(term.shape == (N,) for term in report.diagnostics.values())


def test_code_latent_and_images_fit_together(system: System) -> None:
    """What evaluation asks of an objective: d numbers a code, images of codes, and G(z)."""
    objective = system.objective
    nets = made(objective)
    x, z = (drawn(objective).x, drawn(objective).z)
    code = objective.code(nets.encoder(x), D)
    assert code.shape == (N, D)
    assert objective.decode(nets.generator, code, None).shape == x.shape
    assert objective.latent(nets.generator, z).shape == (N, D)
    decoded = objective.decode(nets.generator, objective.latent(nets.generator, z), None)
    torch.testing.assert_close(decoded, nets.generator(z))


def test_low_scores_are_real() -> None:
    """After a few steps of the critic alone, real images score below generated ones."""
    for objective in (
        separate(),
        bigan(hidden=8),
        bigan_qp(hidden=8),
        bigbigan(hidden=8),
        veegan(hidden=8),
        lia(hidden=8),
        triple_critics(hidden=8),
    ):
        nets = made(objective)
        assert nets.critic is not None
        optimizer = torch.optim.Adam(nets.critic.parameters(), lr=1e-2)
        for _ in range(10):
            batch = ForwardPass(nets, drawn(objective))
            gradients("critic", objective.critic_loss(batch), batch)
            optimizer.step()
        batch = ForwardPass(nets, drawn(objective))
        objective.critic_loss(batch)
        seen = objective.diagnostics(batch)
        assert seen["score_real"].mean() < seen["score_fake"].mean()


# One system at a time


def test_a_critic_scores_every_batch_once_a_step() -> None:
    objective = separate()
    nets = made(objective)
    assert nets.critic is not None
    calls = []
    nets.critic.register_forward_hook(lambda *_: calls.append(1))
    simultaneous().update(objective, adam(nets), [drawn(objective)])
    assert len(calls) == 2


def test_a_separate_encoder_without_consistency_term_rests() -> None:
    objective = separate(consistency="none")
    batch = ForwardPass(made(objective), drawn(objective))
    assert objective.encoder_loss(batch) == {}
    gradients("generator", objective.generator_loss(batch), batch)


def test_separate_takes_any_consistency_term_and_any_adversarial_loss() -> None:
    """One that needs more outputs of E, one that goes through G, one that compares with x."""
    for consistency, outputs in (("gaussian_nll", 2 * D), ("pixel_raw", D)):
        objective = separate(consistency=consistency, adversarial="relativistic", penalty="r1")
        nets = made(objective)
        assert nets.encoder.head.out_features == outputs
        for net in nets.named():
            batch = ForwardPass(nets, drawn(objective))
            gradients(net, objective.loss(net, batch), batch)
    batch = ForwardPass(nets, drawn(objective))
    s_real, s_fake = nets.critic(batch.x)[:, 0], nets.critic(batch.x_fake)[:, 0]  # type: ignore[misc]
    torch.testing.assert_close(objective.generator_loss(batch)["adversarial"], sp(s_fake - s_real))


@pytest.mark.parametrize("update", [simultaneous, alternating])
@pytest.mark.parametrize(
    ("objective", "then"),
    [
        (post_hoc(gan_share=0.5), {"encoder"}),
        (lia(gan_share=0.5, hidden=8), {"encoder", "critic"}),
    ],
    ids=["post_hoc", "lia"],
)
def test_a_gan_is_trained_first_and_then_an_encoder(
    objective: Objective, then: set[str], update: Callable[..., Any]
) -> None:
    """With Adam, whose momentum would move G on if it were stepped with zero gradients."""
    nets, steps = made(objective), 6
    players, rule, who = adam(nets), update(), []
    for step in range(steps):
        before = copied(nets)
        numbers = rule.batches(step)
        batches = [drawn(objective, step / steps, images + z) for images, z in numbers]
        rule.update(objective, players, batches)
        who.append(moved(nets, before))
    assert who == [{"generator", "critic"}] * 3 + [then] * 3


@pytest.mark.parametrize("d", [2, 5, 6])
def test_the_map_of_lia_is_invertible_and_keeps_volumes(d: int) -> None:
    """Of odd widths too, where the halves differ."""
    nets = lia(hidden=8).build(dcgan(ImageShape(1, 16, 16), 0, z_dim=d, width=2))
    F = cast(nn.Sequential, nets.generator.mapping).double()
    z = torch.randn(N, d, dtype=torch.float64, generator=random("z"))
    w = lia(hidden=8).latent(nets.generator, z)
    assert not torch.allclose(w.sort(dim=1).values, z.sort(dim=1).values, atol=1e-3)
    back = w
    for layer in cast(list[AdditiveCoupling], list(F))[::-1]:
        a, b = back.flip(1)[:, : d // 2], back.flip(1)[:, d // 2 :]
        back = torch.cat([a, b + layer.shift(a)], dim=1)
    torch.testing.assert_close(back, z)
    jacobian = torch.func.vmap(torch.func.jacrev(F))(z.unsqueeze(1)).squeeze()
    torch.testing.assert_close(torch.linalg.det(jacobian).abs(), torch.ones(N).double())


def test_the_statistics_of_a_finished_generator_are_frozen_too() -> None:
    """Those of a batch of reconstructions would hide from E how large codes have to be."""
    objective = lia(gan_share=0.5, hidden=8)
    nets = made(objective)
    before = {name: buffer.clone() for name, buffer in nets.generator.named_buffers()}
    assert any("running" in name for name in before)
    for progress, moves in ((0.5, False), (0.0, True)):
        simultaneous().update(objective, adam(nets), [drawn(objective, progress)])
        for name, buffer in nets.generator.named_buffers():
            assert torch.equal(buffer, before[name]) is not moves, name
    assert all(module.training for module in nets.generator.modules())


def test_lia_without_a_map_has_codes_that_are_those_of_the_prior() -> None:
    objective = lia(coupling_layers=0)
    z = torch.randn(N, 1, generator=random("z"))
    nets = objective.build(dcgan(ImageShape(1, 16, 16), 0, z_dim=1, width=2))
    torch.testing.assert_close(objective.latent(nets.generator, z), z)
    with pytest.raises(UserError, match=r"z_dim has to be at least 2"):
        lia().build(dcgan(ImageShape(1, 16, 16), 0, z_dim=1, width=2))


def test_penalties_of_lia_are_of_the_images_that_are_judged() -> None:
    """The quadratic potential divides by the distance to reconstructions once G is finished."""
    objective = lia(adversarial="linear", penalty="quadratic_potential", hidden=8)
    nets = made(objective)
    E, G, critic = nets.encoder, nets.generator, nets.critic
    assert critic is not None
    for progress in (0.0, 0.5):
        batch = ForwardPass(nets, drawn(objective, progress))
        x, z = batch.x, batch.z
        S = copy.deepcopy(cast(MappedGenerator, G).synthesis).eval()
        fake = S(E(x)) if progress else G(z)
        want = qp(x, fake, critic(x)[:, 0], critic(fake)[:, 0])
        torch.testing.assert_close(sum(objective.critic_loss(batch).values()), want)


def test_codes_of_ali_are_drawn_in_training_and_their_means_evaluated() -> None:
    objective = ali(hidden=8)
    nets = made(objective)
    batch = ForwardPass(nets, drawn(objective))
    e = nets.encoder(batch.x)
    torch.testing.assert_close(objective.code(e, D), e[:, :D])
    noise = draw_noise(objective, batch.x.shape, D, lambda name: random(name + "another"))
    other = ForwardPass(nets, replace(batch.batch, noise=noise))
    loss, another = objective.encoder_loss(batch), objective.encoder_loss(other)
    assert not torch.allclose(loss["adversarial"], another["adversarial"])
    again = ForwardPass(nets, drawn(objective))
    torch.testing.assert_close(loss, objective.encoder_loss(again))


def test_bigan_qp_trains_e_alone_to_repeat_z_and_g_alone_to_repeat_x() -> None:
    """The half that is stopped has no influence; without stopping it would have some."""
    objective = bigan_qp(hidden=8)
    nets = made(objective)
    batch = ForwardPass(nets, drawn(objective))
    encoder, generator = objective.encoder_loss(batch), objective.generator_loss(batch)
    assert set(encoder) == {"adversarial", "reconstructed_code"}
    assert set(generator) == {"adversarial", "reconstructed_image"}

    gradients("generator", generator, batch, retain_graph=True)
    got = [gradient for gradient in grads(nets.generator).values() if gradient is not None]
    z, x = batch.z, batch.x.detach()
    fake = nets.generator(z)
    score = nets.critic(fake, z)  # type: ignore[misc]
    stopped = score + 3 * mean_square(x - nets.generator(nets.encoder(x)))
    unstopped = stopped + 2 * mean_square(z - nets.encoder(fake))
    parameters = list(nets.generator.parameters())
    want = torch.autograd.grad(stopped.mean(), parameters, retain_graph=True)
    torch.testing.assert_close(got, list(want), rtol=1e-7, atol=1e-10)
    other = torch.autograd.grad(unstopped.mean(), parameters)
    assert not torch.allclose(got[0], other[0])


def test_distance_of_bigan_qp_is_a_pairs_own_and_passes_no_gradient() -> None:
    objective = bigan_qp(hidden=8)
    nets = made(objective)
    batch = ForwardPass(nets, drawn(objective))
    penalty = objective.critic_loss(batch)["penalty"]
    delta = objective.score_real(batch) - objective.score_fake(batch)  # type: ignore[attr-defined]
    d = mean_abs(batch.x - batch.x_fake) + mean_abs(nets.encoder(batch.x) - batch.z)
    torch.testing.assert_close(penalty, delta**2 / (20 * d))
    at_fake = torch.autograd.grad(penalty.sum(), batch.leaf, retain_graph=True)[0]
    torch.testing.assert_close(
        at_fake, torch.autograd.grad((delta**2 / (20 * d.detach())).sum(), batch.leaf)[0]
    )


def test_binary_codes_are_the_signs_of_normal_numbers() -> None:
    objective = info_gan(code_dims=4, code="binary")
    z = torch.randn(500, D, generator=torch.Generator().manual_seed(0))
    prior = objective.prior(z)
    assert prior.dtype == z.dtype
    assert set(prior[:, :4].unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(prior[:, :4], z[:, :4].sign())
    assert torch.equal(prior[:, 4:], z[:, 4:])
    assert torch.equal(objective.prior(prior), prior)
    whole = info_gan(code="binary").prior(z)
    assert torch.equal(whole, z.sign())


def test_codes_of_info_gan_are_means_of_q_and_of_the_noise() -> None:
    e = torch.tensor([[2.0, -1.0, 9.0]])
    gaussian = info_gan(code_dims=2).code(e, 4)
    assert gaussian.tolist() == [[2.0, -1.0, 0.0, 0.0]]
    binary = info_gan(code_dims=2, code="binary").code(e, 4)
    p = torch.sigmoid(e[:, :2])  # of c = +1
    torch.testing.assert_close(binary[:, :2], p * 1 + (1 - p) * -1)
    assert binary[:, 2:].tolist() == [[0.0, 0.0]]


def test_the_information_term_is_a_likelihood_in_nats() -> None:
    objective = info_gan(code="binary")
    nets = made(objective)
    batch = ForwardPass(nets, drawn(objective))
    q = nets.encoder(nets.generator(batch.z))[:, :D]
    probability = torch.where(batch.z > 0, torch.sigmoid(q), 1 - torch.sigmoid(q)).prod(1)
    torch.testing.assert_close(objective.encoder_loss(batch)["information"], -probability.log())


def test_a_code_wider_than_z_is_refused() -> None:
    with pytest.raises(UserError, match="code_dims is 7, but z has 6 dimensions"):
        info_gan(code_dims=7).build(architecture())


@pytest.mark.parametrize("adversarial", ["linear", "non_saturating", "relativistic"])
@pytest.mark.parametrize(
    "penalty",
    [
        "quadratic_potential",
        "gradient_penalty",
        "r1",
        "r1_r2",
        "r1_r2_differences",
        "lecam",
        "none",
    ],
)
def test_penalties_of_three_critics_are_finite(adversarial: str, penalty: str) -> None:
    objective = triple_critics(adversarial=adversarial, penalty=penalty, hidden=8)
    nets = made(objective)
    for net in nets.named():
        batch = ForwardPass(nets, drawn(objective))
        terms = objective.loss(net, batch)
        assert all(term.shape == (N,) and term.isfinite().all() for term in terms.values())
        gradients(net, terms, batch)


def test_the_critic_of_codes_is_penalised_at_codes() -> None:
    """R1 at z, WGAN-GP between z and E(x), differences at both, each with its own formula."""
    for penalty in ("r1", "gradient_penalty", "r1_r2_differences"):
        objective = triple_critics(penalty=penalty, hidden=8)
        nets = made(objective)
        batch = ForwardPass(nets, drawn(objective))
        got = objective.critic_loss(batch)["code_penalty"]
        points = batch.z
        if penalty == "gradient_penalty":
            u = batch.noise("mixing").reshape(N, 1)
            points = points + u * (nets.encoder(batch.x) - batch.z)
        critic = nets.critic.get_submodule("code")  # type: ignore[union-attr]
        if penalty == "r1_r2_differences":
            want = torch.zeros(N, dtype=torch.float64)
            for points, side in ((batch.z, "real"), (nets.encoder(batch.x), "fake")):
                n = batch.noise(f"offset_{side}").flatten()[: N * D].reshape(N, D)
                want += (critic(points + 0.01 * n) - critic(points))[:, 0].pow(2) / 2e-4
            torch.testing.assert_close(got, want)
            continue
        points = points.detach().requires_grad_()
        slope = torch.autograd.grad(critic(points).sum(), points)[0].pow(2).sum(1)
        want = 5 * slope if penalty == "r1" else 10 * (slope.sqrt() - 1) ** 2
        torch.testing.assert_close(got, want)


def test_moments_are_matched_exactly_at_those_of_the_target() -> None:
    scores = torch.tensor([2.0, 4.0, 2.0, 4.0])  # average 3, population variance 1
    assert squared_moments(scores, 3.0).tolist() == [0.0] * 4
    assert squared_moments(scores, 2.5).tolist() == [0.25] * 4
    assert squared_moments(2 * scores, 6.0).tolist() == [9.0] * 4


def test_reciprocity_of_alae_leaves_the_mapping_alone() -> None:
    found = {}
    for weight in (0.0, 3.0):
        objective = alae(latent_weight=weight)
        nets = made(objective)
        batch = ForwardPass(nets, drawn(objective))
        gradients("generator", objective.generator_loss(batch), batch)
        found[weight] = grads(nets.generator)
    for name, without in found[0.0].items():
        within = found[3.0][name]
        assert without is not None
        assert within is not None
        # The two ways to S's images differ in the last bits, and so do the sums of gradients.
        same = torch.allclose(without, within, rtol=1e-9, atol=1e-14)
        assert same == name.startswith("mapping.") or name.endswith("bias"), name


@pytest.mark.parametrize("layers", [1, 5, 8])
def test_w_is_of_the_scale_of_z_before_the_first_step(layers: int) -> None:
    """As a training draws the weights, for which a stack of kernels of 0.02 would be too many."""
    nets = alae(mapping_layers=layers).build(dcgan(ImageShape(1, 16, 16), 0, z_dim=64, width=2))
    initialise(nets.generator, torch.Generator().manual_seed(0))
    z = torch.randn(256, 64, generator=torch.Generator().manual_seed(0))
    assert 0.5 < alae().latent(nets.generator, z).std(dim=0).mean() < 2


def test_gan_qp_has_the_constants_of_its_author() -> None:
    penalty = gan_qp(strength=4.0).penalty  # type: ignore[attr-defined]
    assert penalty.keywords == {"weight": 0.125, "norm": "l2"}
    ours = component_of("penalties", {"name": "quadratic_potential", "weight": 0.05, "norm": "l1"})
    assert gan_qp(norm="l1").penalty.keywords == ours.parameters()  # type: ignore[attr-defined]

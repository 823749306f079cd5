"""The VAE family against its formulas, written out again, and against what linear nets reach."""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Normal, kl_divergence

from ogan_bench.models.base import Architecture, Encoder, Generator
from ogan_bench.objectives.base import Objective, draw_noise
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Net, Nets
from ogan_bench.objectives.systems.gaussian_encoder import Gaussian, gaussian
from ogan_bench.seeding import generator
from ogan_bench.study.parts import build, component_of
from ogan_bench.training.updates import gradients, total

N, D, PIXELS = 6, 3, 12
INTRO: dict[str, Any] = {"w_rec": 3.0, "w_kl": 0.7, "w_neg": 0.4}
SOFT: dict[str, Any] = {"beta_kl": 0.7, "beta_rec": 3.0, "beta_neg": 2.0, "gamma_r": 0.9}


class ToyGenerator(Generator):
    """Two dense layers and a class's own shift."""

    conditional = True

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(D, 5), nn.Tanh(), nn.Linear(5, PIXELS))
        self.shift = nn.Embedding(2, PIXELS)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return torch.tanh(self.layers(z) + self.shift(labels)).reshape(-1, 3, 2, 2)


def toy_encoder(outputs: int) -> Encoder:
    trunk = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, 5), nn.Tanh())
    return Encoder(trunk, nn.Linear(5, outputs))


TOY = Architecture(D, toy_encoder, ToyGenerator, 2)


def made(name: str, **parameters: Any) -> Objective:
    objective: Objective = build(
        "objectives", component_of("objectives", {"name": name, **parameters})
    )
    return objective


def see(objective: Objective, progress: float = 0.5) -> ForwardPass:
    """The same nets and the same batch at every call."""
    nets = objective.build(TOY)
    for name, net in nets.named().items():
        random = generator(0, name)
        net.double()
        for parameter in net.parameters():
            nn.init.normal_(parameter, std=0.5, generator=random)
    random = generator(1, "batch")
    x = torch.rand(N, 3, 2, 2, dtype=torch.float64, generator=random) * 2 - 1
    z = torch.randn(N, D, dtype=torch.float64, generator=random)
    labels, z_labels = torch.randint(2, (2, N), generator=random)
    noise = draw_noise(objective, x.shape, D, partial(generator, 2))
    return ForwardPass(nets, Batch(x, z, labels, z_labels, progress, noise))


def gradient(objective: Objective, net: Net, progress: float = 0.5) -> list[Tensor]:
    """Of a net's loss, as an update addresses it."""
    batch = see(objective, progress)
    gradients(net, objective.loss(net, batch), batch)
    found = []
    for name, module in batch.nets.named().items():
        for parameter in module.parameters():
            assert (parameter.grad is None) == (name != net)
            if parameter.grad is not None:
                found.append(parameter.grad)
    return found


def differ(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """Relative distance of two gradients."""
    a, b = (torch.cat([g.flatten() for g in found]) for found in (ours, theirs))
    return float((a - b).norm() / b.norm())


# The normal distribution


def test_kl_is_that_of_torch() -> None:
    mean, log_variance = torch.randn(2, 5, 4, dtype=torch.float64, generator=generator(0, "kl"))
    posterior = Independent(Normal(mean, (log_variance / 2).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    expected = kl_divergence(posterior, prior)
    torch.testing.assert_close(Gaussian(mean, log_variance).kl(), expected)


def test_kl_of_the_prior_is_zero() -> None:
    zero = torch.zeros(3, 4)
    assert torch.equal(Gaussian(zero, zero).kl(), torch.zeros(3))


def test_samples_have_the_moments_and_reach_mean_and_log_variance() -> None:
    mean = torch.tensor([[1.0, -2.0]], dtype=torch.float64, requires_grad=True)
    log_variance = torch.tensor([[0.5, -1.0]], dtype=torch.float64, requires_grad=True)
    noise = torch.randn(100_000, 2, dtype=torch.float64, generator=generator(0, "sample"))
    drawn = Gaussian(mean, log_variance).sample(noise)
    torch.testing.assert_close(drawn.mean(0), mean[0], atol=0.02, rtol=0)
    torch.testing.assert_close(drawn.var(0).log(), log_variance[0], atol=0.02, rtol=0)
    to_mean, to_log_variance = torch.autograd.grad(drawn.sum(), [mean, log_variance])
    torch.testing.assert_close(to_mean, torch.full_like(mean, len(noise)))
    torch.testing.assert_close(to_log_variance[0], (drawn - mean).sum(0) / 2)


def test_means_come_before_log_variances_and_are_the_code() -> None:
    e = torch.arange(8.0).reshape(1, 8)
    split = gaussian(e, 4)
    assert torch.equal(split.mean, e[:, :4])
    assert torch.equal(split.log_variance, e[:, 4:])
    assert torch.equal(made("vae").code(e, 4), split.mean)


# Autoencoders without an adversary


@pytest.mark.parametrize(("beta", "std"), [(1.0, 1.0), (4.0, 0.3)])
def test_vae_minimises_the_evidence_lower_bound(beta: float, std: float) -> None:
    objective = made("vae", beta=beta, std=std)
    batch = see(objective)
    nets = batch.nets
    e = nets.encoder(batch.batch.x)
    posterior = Normal(e[:, :D], (e[:, D:] / 2).exp())
    prior = Normal(torch.zeros(N, D, dtype=e.dtype), 1.0)
    code = posterior.mean + posterior.stddev * batch.noise("posterior real")
    likelihood = Normal(nets.generator(code, batch.labels), std).log_prob(batch.batch.x)
    constant = PIXELS * math.log(std * math.sqrt(2 * math.pi))
    evidence = likelihood.sum((1, 2, 3)) + constant - beta * kl_divergence(posterior, prior).sum(1)
    for net in nets.named():
        terms = objective.loss(net, batch)
        torch.testing.assert_close(sum(terms.values()), -evidence)
        expected = torch.autograd.grad(
            -evidence.mean(), list(nets.named()[net].parameters()), retain_graph=True
        )
        assert differ(gradient(objective, net), list(expected)) < 1e-12


def test_vae_trains_both_halves_of_the_encoders_output() -> None:
    *_, to_weight, _ = gradient(made("vae"), "encoder")
    assert to_weight.shape == (2 * D, 5)
    assert (to_weight.abs().amax(dim=1) > 0).all()


def test_autoencoder_minimises_the_mean_squared_error_of_pixels() -> None:
    objective = made("autoencoder")
    batch = see(objective)
    nets, x = batch.nets, batch.batch.x
    expected = nn.functional.mse_loss(nets.generator(nets.encoder(x), batch.labels), x)
    for net in nets.named():
        torch.testing.assert_close(total(objective.loss(net, batch)), expected)
        wanted = torch.autograd.grad(
            expected, list(nets.named()[net].parameters()), retain_graph=True
        )
        assert differ(gradient(objective, net), list(wanted)) < 1e-12


@pytest.mark.parametrize("name", ["vae", "autoencoder"])
def test_one_pass_serves_both_nets(name: str) -> None:
    objective = made(name)
    batch = see(objective)
    calls: list[str] = []
    for net, module in batch.nets.named().items():
        first = module.trunk if isinstance(module, Encoder) else module
        assert isinstance(first, nn.Module)
        first.register_forward_hook(lambda *_, net=net: calls.append(net))
    for net in batch.nets.named():
        objective.loss(net, batch)
    objective.diagnostics(batch)
    assert calls == ["encoder", "generator"]


# Introspective ones: the authors' programs, written out again


def split(nets: Nets, images: Tensor) -> tuple[Tensor, Tensor]:
    mean, log_variance = nets.encoder(images).chunk(2, dim=1)
    return mean, log_variance


def kl_of(of: tuple[Tensor, Tensor]) -> Tensor:
    mean, log_variance = of
    return -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(-1)


def sse(a: Tensor, b: Tensor) -> Tensor:
    """Sum of squares per image, of images in [0, 1]."""
    return (((a + 1) / 2 - (b + 1) / 2) ** 2).sum((1, 2, 3))


def drawn(batch: ForwardPass, of: tuple[Tensor, Tensor], name: str) -> Tensor:
    mean, log_variance = of
    return mean + batch.noise(name) * log_variance.mul(0.5).exp()


def intro(
    batch: ForwardPass, margin: float, net: Net, *, w_rec: float, w_kl: float, w_neg: float,
    stopped: bool = True, hinge_per_sample: bool = False,
) -> Tensor:  # fmt: skip
    """hhb072/IntroVAE: the scalar whose gradient the optimiser of a net gets."""
    nets, x = batch.nets, batch.batch.x
    real = split(nets, x)
    rec = nets.generator(drawn(batch, real, "posterior real"), batch.labels)
    fake = nets.generator(batch.z, batch.z_labels)
    ae = sse(rec, x).mean()
    if net == "generator":
        kl = kl_of(split(nets, rec)).mean() + kl_of(split(nets, fake)).mean()
        return w_rec * ae + 0.5 * w_kl * kl
    hinges = torch.zeros((), dtype=x.dtype)
    for images in (rec.detach() if stopped else rec, fake.detach()):
        kl = kl_of(split(nets, images))
        hinges = hinges + (
            (margin - kl).relu().mean() if hinge_per_sample else (margin - kl.mean()).relu()
        )
    return w_rec * ae + w_kl * (kl_of(real).mean() + 0.5 * w_neg * hinges)


def soft(
    batch: ForwardPass, net: Net, *,
    beta_kl: float, beta_rec: float, beta_neg: float, gamma_r: float,
    attached: Collection[str] = (),
) -> Tensor:  # fmt: skip
    """taldatech/soft-intro-vae-pytorch: the same; ``attached`` are places that are not detached."""
    nets, x = batch.nets, batch.batch.x
    scale = 1 / PIXELS

    def stop(tensor: Tensor, place: str) -> Tensor:
        return tensor if place in attached else tensor.detach()

    real = split(nets, x)
    rec = nets.generator(drawn(batch, real, "posterior real"), batch.labels)
    fake = nets.generator(batch.z, batch.z_labels)
    loss = beta_rec * sse(x, rec).mean()
    if net == "encoder":
        result = scale * (loss + beta_kl * kl_of(real).mean())
        for name, images, labels in (
            ("reconstructed", rec, batch.labels),
            ("fake", fake, batch.z_labels),
        ):
            again = split(nets, stop(images, "image"))
            code = drawn(batch, again, f"posterior {name}")
            target = images.detach() if "no target" in attached else images
            error = sse(target, nets.generator(code, labels))
            elbo = -(beta_rec * error + beta_neg * kl_of(again))
            result = result + 0.25 * (2 * scale * elbo).exp().mean()
        return result
    for name, images, labels in (
        ("reconstructed", rec, batch.labels),
        ("fake", fake, batch.z_labels),
    ):
        again = split(nets, images)
        code = stop(drawn(batch, again, f"posterior {name}"), "code")
        error = sse(stop(images, "target"), nets.generator(code, labels)).mean()
        loss = loss + 0.5 * beta_kl * kl_of(again).mean() + gamma_r * 0.5 * beta_rec * error
    return scale * loss


def slope(batch: ForwardPass, loss: Tensor, net: Net) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(batch.nets.named()[net].parameters())))


def mean_kls() -> tuple[float, float]:
    """Of reconstructed and of generated images."""
    batch = see(made("intro_vae"))
    rec = batch.nets.generator(
        drawn(batch, split(batch.nets, batch.x), "posterior real"), batch.labels
    )
    images = (rec, batch.generated)
    low, high = (kl_of(split(batch.nets, image)).mean().item() for image in images)
    return low, high


@pytest.mark.parametrize("net", ["encoder", "generator"])
@pytest.mark.parametrize("active", [0, 1, 2])
def test_intro_vae_is_the_authors_program(net: Net, active: int) -> None:
    """With none, one and both of the hinges active."""
    low, high = sorted(mean_kls())
    margin = (low / 2, (low + high) / 2, high + 1)[active]
    objective = made("intro_vae", margin=margin, **INTRO)
    batch = see(objective)
    expected = intro(batch, margin, net, **INTRO)
    torch.testing.assert_close(total(objective.loss(net, batch)), expected)
    assert differ(gradient(objective, net), slope(batch, expected, net)) < 1e-12
    hinges = [v for name, v in objective.encoder_loss(batch).items() if name.startswith("hinge")]
    assert sum(bool((hinge > 0).all()) for hinge in hinges) == active


def test_intro_vaes_stop_and_its_hinge_on_the_mean_make_a_difference() -> None:
    margin = sum(mean_kls()) / 2
    batch = see(made("intro_vae"))
    ours = gradient(made("intro_vae", margin=margin, **INTRO), "encoder")
    per_sample = intro(batch, margin, "encoder", hinge_per_sample=True, **INTRO)
    assert differ(ours, slope(batch, per_sample, "encoder")) > 1e-3
    ours = gradient(made("intro_vae", margin=100.0, **INTRO), "encoder")
    attached = intro(batch, 100.0, "encoder", stopped=False, **INTRO)
    assert differ(ours, slope(batch, attached, "encoder")) > 1e-3


@pytest.mark.parametrize("net", ["encoder", "generator"])
def test_soft_intro_vae_is_the_authors_program(net: Net) -> None:
    objective = made("soft_intro_vae", **SOFT)
    batch = see(objective)
    expected = soft(batch, net, **SOFT)
    torch.testing.assert_close(total(objective.loss(net, batch)), expected)
    assert differ(gradient(objective, net), slope(batch, expected, net)) < 1e-12


@pytest.mark.parametrize(
    ("net", "place"),
    [
        ("encoder", "image"),
        ("encoder", "no target"),
        ("generator", "code"),
        ("generator", "target"),
    ],
)
def test_every_stop_of_soft_intro_vae_makes_a_difference(net: Net, place: str) -> None:
    batch = see(made("soft_intro_vae"))
    other = slope(batch, soft(batch, net, attached=[place], **SOFT), net)
    assert differ(gradient(made("soft_intro_vae", **SOFT), net), other) > 1e-3


@pytest.mark.parametrize("name", ["intro_vae", "soft_intro_vae"])
def test_the_kl_of_generated_images_reaches_the_generator(name: str) -> None:
    """Ports that detach them leave G a plain VAE's decoder."""
    objective = made(name)
    for term in ("kl_fake", "kl_reconstructed"):
        batch = see(objective)
        gradients("generator", {term: objective.generator_loss(batch)[term]}, batch)
        for parameter in batch.nets.generator.parameters():
            assert parameter.grad is not None
            assert parameter.grad.any()


def test_the_hinges_do_not_even_have_the_generators_graph() -> None:
    objective = made("intro_vae", margin=100.0)
    batch = see(objective)
    terms = objective.encoder_loss(batch)
    for name in ("hinge_reconstructed", "hinge_fake"):
        found = torch.autograd.grad(
            terms[name].sum(),
            list(batch.nets.generator.parameters()),
            retain_graph=True,
            allow_unused=True,
        )
        assert all(gradient is None for gradient in found), name


@pytest.mark.parametrize("net", ["encoder", "generator"])
def test_introspective_ones_begin_as_a_vae(net: Net) -> None:
    """w_rec/4 = 1/(2 std²), and the soft one is that divided by the number of pixels."""
    std = math.sqrt(2 / INTRO["w_rec"])
    plain = gradient(made("vae", beta=INTRO["w_kl"], std=std), net)
    share = {"vae_share": 0.3}
    intro_vae, soft_intro_vae = (
        made("intro_vae", **INTRO, **share),
        made("soft_intro_vae", **SOFT, **share),
    )
    assert differ(gradient(intro_vae, net, 0.29), plain) < 1e-12
    assert differ(gradient(soft_intro_vae, net, 0.29), [g / PIXELS for g in plain]) < 1e-12
    assert differ(gradient(intro_vae, net, 0.3), plain) > 1e-3
    assert differ(gradient(soft_intro_vae, net, 0.3), [g / PIXELS for g in plain]) > 1e-3


@pytest.mark.parametrize("name", ["intro_vae", "soft_intro_vae"])
def test_real_reconstructed_and_generated_images_are_batches_of_their_own(name: str) -> None:
    objective = made(name)
    batch = see(objective)
    sizes: list[int] = []
    batch.nets.encoder.trunk.register_forward_hook(
        lambda module, inputs, output: sizes.append(len(inputs[0]))
    )
    objective.encoder_loss(batch)
    assert sizes == [N, N, N]


# Linear nets, whose best loss is known


class LinearGenerator(Generator):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(D, PIXELS)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.layer(z).reshape(-1, 3, 2, 2)
        return images


LINEAR = Architecture(
    D,
    lambda outputs: Encoder(nn.Flatten(), nn.Linear(PIXELS, outputs)),
    LinearGenerator,
    0,
)


def fit(objective: Objective, x: Tensor, steps: int) -> list[dict[str, float]]:
    """The terms of G's loss in a training on all images at once."""
    nets = objective.build(LINEAR)
    for name, net in nets.named().items():
        random = generator(0, name)
        net.double()
        for parameter in net.parameters():
            nn.init.normal_(parameter, std=0.1, generator=random)
    optimizers = [torch.optim.Adam(net.parameters(), lr=0.02) for net in nets.named().values()]
    found = []
    for step in range(steps):
        z = torch.randn(len(x), D, dtype=x.dtype, generator=generator(step, "z"))
        noise = draw_noise(objective, x.shape, D, partial(generator, step))
        batch = ForwardPass(nets, Batch(x, z, None, None, step / steps, noise))
        losses = {net: objective.loss(net, batch) for net in nets.named()}
        for of, terms in losses.items():
            gradients(of, terms, batch, retain_graph=True)
        for optimizer in optimizers:
            optimizer.step()
        found.append({name: term.mean().item() for name, term in losses["generator"].items()})
    return found


@pytest.fixture
def images() -> Tensor:
    """512 images of three strong directions and a little noise."""
    random = generator(0, "images")
    mixing = torch.randn(D, PIXELS, dtype=torch.float64, generator=random)
    codes = torch.randn(512, D, dtype=torch.float64, generator=random)
    noise = torch.randn(512, PIXELS, dtype=torch.float64, generator=random)
    return (0.4 * codes @ mixing + 0.1 * noise + 0.2).reshape(-1, 3, 2, 2)


def test_a_linear_vae_reaches_probabilistic_pca(images: Tensor) -> None:
    """The best evidence bound of linear nets is the likelihood of Tipping and Bishop's model."""
    std = 0.3
    flat = images.flatten(1)
    centred = flat - flat.mean(0)
    variances = torch.linalg.eigvalsh(centred.T @ centred / len(flat))
    # The model's covariance: the D largest variances, and std² in all other directions.
    modelled = torch.where(torch.arange(PIXELS) >= PIXELS - D, variances, std**2)
    nats = 0.5 * (modelled.log() + variances / modelled).sum()
    best = (nats - PIXELS * math.log(std)).item()
    losses = [sum(terms.values()) for terms in fit(made("vae", std=std), images, 600)]
    assert losses[0] > best + 10
    assert sum(losses[-100:]) / 100 == pytest.approx(best, abs=0.1)


def test_a_linear_autoencoder_reaches_pca(images: Tensor) -> None:
    flat = images.flatten(1)
    centred = flat - flat.mean(0)
    best = torch.linalg.svdvals(centred)[D:].square().sum().item() / flat.numel()
    losses = [terms["reconstruction"] for terms in fit(made("autoencoder"), images, 600)]
    assert losses[0] > 10 * best
    assert losses[-1] == pytest.approx(best, rel=0.02)


@pytest.mark.parametrize("name", ["intro_vae", "soft_intro_vae"])
def test_introspective_ones_learn_to_reconstruct(name: str, images: Tensor) -> None:
    losses = [terms["reconstruction"] for terms in fit(made(name), images, 200)]
    assert losses[-1] < losses[0] / 2

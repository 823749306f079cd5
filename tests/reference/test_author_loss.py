"""The losses against the O-GAN author's code, written out again from its published formulas.

His program minimises one loss over E and G together, with three passes through the encoder:

    t1 = avg E(x) - avg E(sg G(z))        t2 = avg E(G(z)) - avg E(sg G(z))
    loss = mean(t1 + t2 - w ρ(z, E(G(z)))) + mean(0.25 t1² / mean_pixels((x - sg G(z))²))

Ours are two losses whose gradients are addressed to one net each.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data.base import ImageShape
from ogan_bench.models.dcgan import dcgan
from ogan_bench.models.initialisation import initialise
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.composed import composed
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Nets
from ogan_bench.objectives.parts.consistency import mse, mse_mean, pearson
from ogan_bench.objectives.parts.penalties import quadratic_potential
from ogan_bench.training import updates

N, D = 6, 10
Term = Callable[[Tensor, Tensor], Tensor]


def author_rho(z: Tensor, e: Tensor) -> Tensor:
    """ρ by its definition: covariance over the product of population standard deviations."""
    z, e = z - z.mean(1, keepdim=True), e - e.mean(1, keepdim=True)
    return (z * e).mean(1) / (z.square().mean(1).sqrt() * e.square().mean(1).sqrt())


AUTHOR_TERMS: dict[str, Term] = {
    "pearson": lambda z, e: -author_rho(z, e),
    "mse": lambda z, e: (z - e).pow(2).sum(1),
    "mse_mean": lambda z, e: (z - e).pow(2).mean(1),
    "none": lambda z, e: torch.zeros_like(z[:, 0]),
}


def author_loss(E: nn.Module, G: nn.Module, x: Tensor, z: Tensor, term: Term, w: float) -> Tensor:
    fake = G(z)
    fake_ng = fake.detach()
    z_real, z_fake, z_fake_ng = E(x), E(fake), E(fake_ng)
    t1 = z_real.mean(1) - z_fake_ng.mean(1)
    t2 = z_fake.mean(1) - z_fake_ng.mean(1)
    qp = 0.25 * t1.pow(2) / (x - fake_ng).pow(2).mean((1, 2, 3))
    loss: Tensor = (t1 + t2 + w * term(z, z_fake)).mean() + qp.mean()
    return loss


def objective(consistency: str = "pearson", weight: float = 0.5) -> Objective:
    return composed(
        adversarial="linear",
        readout="avg",
        consistency=consistency,
        consistency_weight=weight,
        penalty="quadratic_potential",
    )


@pytest.fixture
def nets() -> Nets:
    nets = objective().build(dcgan(ImageShape(1, 16, 16), 0, z_dim=D, width=4))
    random = torch.Generator().manual_seed(1)
    for net in nets.named().values():
        initialise(net, random)
        for parameter in net.parameters():
            parameter.data.mul_(8)  # so that images and codes are far from constant
        net.double()
    return nets


@pytest.fixture
def batch(nets: Nets) -> ForwardPass:
    random = torch.Generator().manual_seed(2)
    x = torch.rand(N, 1, 16, 16, dtype=torch.float64, generator=random) * 2 - 1
    z = torch.randn(N, D, dtype=torch.float64, generator=random)
    drawn = Batch(x, z, labels=None, z_labels=None, progress=0.0)
    return ForwardPass(nets, drawn)


def gradients(net: nn.Module) -> list[Tensor]:
    found = []
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, f"no gradient reached {name}"
        found.append(parameter.grad.clone())
    return found


@pytest.mark.parametrize("weight", [0.5, 3.0])
@pytest.mark.parametrize("consistency", AUTHOR_TERMS)
def test_addressed_gradients_equal_those_of_the_single_loss(
    nets: Nets, batch: ForwardPass, consistency: str, weight: float
) -> None:
    encoder, generator = nets.encoder, nets.generator
    loss = author_loss(encoder, generator, batch.x, batch.z, AUTHOR_TERMS[consistency], weight)
    expected = torch.autograd.grad(loss, [*encoder.parameters(), *generator.parameters()])

    ours = objective(consistency, weight)
    updates.gradients("encoder", ours.encoder_loss(batch), batch, retain_graph=True)
    updates.gradients("generator", ours.generator_loss(batch), batch)

    for got, want in zip(gradients(encoder) + gradients(generator), expected, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-8, atol=1e-11)


def test_real_is_pushed_low_and_fake_high(batch: ForwardPass) -> None:
    ours = objective("none")
    terms = ours.encoder_loss(batch)
    score_real, score_fake = batch.e_real.mean(1), batch.e_fake.mean(1)
    torch.testing.assert_close(terms["adversarial"], score_real - score_fake)
    torch.testing.assert_close(ours.generator_loss(batch)["adversarial"], score_fake)


def test_penalty_divides_by_the_mean_square_of_each_pair() -> None:
    x = torch.zeros(2, 1, 2, 2)
    x_fake = torch.stack([torch.full((1, 2, 2), 0.5), torch.full((1, 2, 2), 2.0)])
    penalty = quadratic_potential(x, x_fake, torch.tensor([3.0, 3.0]), torch.tensor([1.0, 2.0]))
    # 0.25 (3 - 1)² / 0.25 = 4 and 0.25 (3 - 2)² / 4 = 1/16
    torch.testing.assert_close(penalty, torch.tensor([4.0, 1 / 16]))


def test_generator_gets_nothing_from_the_penalty(nets: Nets) -> None:
    generator = nets.generator
    z = torch.randn(N, D, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    images = generator(z)
    scores = torch.arange(N, dtype=torch.float64).requires_grad_()
    penalty = quadratic_potential(torch.zeros_like(images), images, scores, scores * 2)
    found = torch.autograd.grad(penalty.sum(), [scores, *generator.parameters()], allow_unused=True)
    assert found[0] is not None
    assert all(gradient is None for gradient in found[1:])


def test_encoder_gets_nothing_from_the_generators_loss(nets: Nets, batch: ForwardPass) -> None:
    updates.gradients("generator", objective().generator_loss(batch), batch)
    assert all(parameter.grad is None for parameter in nets.encoder.parameters())
    gradients(nets.generator)


def test_generator_gets_nothing_from_the_encoders_loss(nets: Nets, batch: ForwardPass) -> None:
    updates.gradients("encoder", objective().encoder_loss(batch), batch)
    gradients(nets.encoder)
    assert all(parameter.grad is None for parameter in nets.generator.parameters())
    assert batch.leaf.grad is None


def test_pearson_is_minus_one_for_the_same_code_up_to_scale_and_shift() -> None:
    z = torch.randn(5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    minus_one = -torch.ones(5, dtype=torch.float64)
    torch.testing.assert_close(pearson().loss(z, z), minus_one)
    torch.testing.assert_close(pearson().loss(z, 3 * z - 2), minus_one)
    torch.testing.assert_close(pearson().loss(z, -z), -minus_one)


def test_pearson_is_the_correlation_with_population_std() -> None:
    random = torch.Generator().manual_seed(5)
    z, code = torch.randn(2, 5, 7, dtype=torch.float64, generator=random)
    pairs = torch.stack([z, code], dim=1)
    expected = torch.stack([-torch.corrcoef(pair)[0, 1] for pair in pairs])
    torch.testing.assert_close(pearson().loss(z, code), expected)


def test_pearson_of_a_constant_code_is_finite() -> None:
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(6))
    code = torch.ones(3, 4, requires_grad=True)
    loss = pearson().loss(z, code)
    loss.sum().backward()
    assert loss.isfinite().all()
    assert code.grad is not None
    assert code.grad.isfinite().all()


def test_squared_norm_is_a_sum_and_its_mean_is_a_mean() -> None:
    z, code = torch.zeros(2, 4), torch.tensor([[1.0, 1, 1, 1], [2, 0, 0, 0]])
    torch.testing.assert_close(mse().loss(z, code), torch.tensor([4.0, 4.0]))
    torch.testing.assert_close(mse_mean().loss(z, code), torch.tensor([1.0, 1.0]))


def test_the_loss_sees_the_raw_code_not_its_projection(batch: ForwardPass) -> None:
    """N(·) belongs to reconstruction; with it in the loss, MSE would see a bounded code."""
    terms = objective("mse", 1.0).encoder_loss(batch)
    raw = (batch.z - batch.e_fake).square().sum(1)
    torch.testing.assert_close(terms["consistency"], raw)


def test_the_loss_is_bounded_below_by_the_quadratic_potential(batch: ForwardPass) -> None:
    """Δ + Δ²/(4d) >= -d for each pair, so the encoder's loss cannot fall without bound."""
    terms = objective("none").encoder_loss(batch)
    distance = (batch.x - batch.x_fake).square().mean((1, 2, 3))
    assert (terms["adversarial"] + terms["penalty"] >= -distance - 1e-12).all()


def test_encoder_sees_real_and_fake_as_separate_batches(batch: ForwardPass) -> None:
    """Batch norm over both at once would be another discriminator."""
    norm = next(m for m in batch.nets.encoder.modules() if isinstance(m, nn.BatchNorm2d))
    seen: list[Tensor] = []
    norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    objective().encoder_loss(batch)
    assert [len(images) for images in seen] == [N, N]


def test_one_pass_serves_both_losses(batch: ForwardPass) -> None:
    parts = {"trunk": batch.nets.encoder.trunk, "head": batch.nets.encoder.head}
    parts["generator"] = batch.nets.generator
    calls = dict.fromkeys(parts, 0)
    for name, part in parts.items():
        part.register_forward_hook(lambda *_, name=name: calls.__setitem__(name, calls[name] + 1))
    ours = objective()
    updates.gradients("encoder", ours.encoder_loss(batch), batch, retain_graph=True)
    updates.gradients("generator", ours.generator_loss(batch), batch)
    ours.diagnostics(batch)
    assert calls == {"trunk": 2, "head": 2, "generator": 1}

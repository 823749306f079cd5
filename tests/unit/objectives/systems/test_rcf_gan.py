"""RCF-GAN: the distance of characteristic functions in closed form, and the points of it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ogan_bench.data.base import ImageShape
from ogan_bench.models.dcgan import dcgan
from ogan_bench.objectives.forward_pass import Batch, ForwardPass
from ogan_bench.objectives.systems.rcf_gan import RCFGAN, characteristic_distance, rcf_gan

T = torch.tensor([[0.3], [-0.9], [1.4]], dtype=torch.float64)


def drawn(n: int, d: int = 1, seed: int = 0) -> Tensor:
    return torch.randn(n, d, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def distance(a: Tensor, b: Tensor, amplitude: float = 0.5) -> float:
    return float(characteristic_distance(T, a, b, amplitude))


@pytest.mark.parametrize("amplitude", [0.0, 0.5, 1.0])
def test_a_batch_has_no_distance_to_itself(amplitude: float) -> None:
    a = drawn(9)
    assert distance(a, a.flip(0), amplitude) == pytest.approx(0, abs=2e-6)


def test_two_points_differ_in_phase_alone() -> None:
    """|1 - e^(itc)| = 2 |sin(tc/2)|, and twice the weight of it where the phase has all weight."""
    zero, c = torch.zeros(1, 1).double(), torch.full((1, 1), 0.7).double()
    expected = float((2 * (0.7 * T / 2).sin().abs()).mean())
    assert distance(zero, c) == pytest.approx(expected)
    assert distance(zero, c, 0.0) == pytest.approx(math.sqrt(2) * expected)
    assert distance(zero, c, 1.0) == pytest.approx(0, abs=2e-6)


def test_two_normal_distributions_differ_in_amplitude_alone() -> None:
    """Φ(t) = e^(-σ²t²/2)."""
    a, b = drawn(200_000), 2 * drawn(200_000, seed=1)
    expected = float(((-T.square() / 2).exp() - (-2 * T.square()).exp()).mean())
    assert distance(a, b) == pytest.approx(expected, abs=0.01)
    assert distance(a, b, 1.0) == pytest.approx(math.sqrt(2) * expected, abs=0.01)
    assert distance(a, b, 0.0) < 0.02


def test_the_distance_is_symmetric_and_bounded() -> None:
    """By 2, which opposite points reach."""
    a, b = drawn(9), 3 + drawn(9, seed=1)
    assert distance(a, b, 0.3) == pytest.approx(distance(b, a, 0.3))
    opposite = torch.full((1, 1), math.pi).double()
    one = torch.ones(1, 1).double()
    reached = characteristic_distance(one, torch.zeros(1, 1).double(), opposite, 0.5)
    assert float(reached) == pytest.approx(2)


def test_gradients_are_finite_where_roots_vanish() -> None:
    """For equal batches, and for one whose characteristic function is zero."""
    t = torch.full((1, 1), math.pi / 2).double()
    zeros = torch.tensor([[0.0], [2.0]], dtype=torch.float64, requires_grad=True)
    for other in (zeros.detach(), drawn(2)):
        (slope,) = torch.autograd.grad(characteristic_distance(t, zeros, other, 0.5), zeros)
        assert slope.isfinite().all()


@pytest.mark.parametrize("t_net", [False, True])
def test_points_are_normal_of_variance_1_over_d_and_scaled_by_the_t_net(t_net: bool) -> None:
    objective = rcf_gan(t_net=t_net)
    assert isinstance(objective, RCFGAN)
    nets = objective.build(dcgan(ImageShape(1, 16, 16), 0, z_dim=4, width=2))
    assert (nets.critic is not None) == t_net
    noise = {name: drawn(6, 4, seed).float() for seed, name in enumerate(objective.noise(6, 4))}
    assert set(noise) == ({"points", "scales"} if t_net else {"points"})
    z = drawn(6, 4, seed=5).float()
    batch = ForwardPass(nets, Batch(torch.zeros(6, 1, 16, 16), z, None, None, 0.0, noise))
    scales = objective.points(batch) / (noise["points"] / 2)
    if not t_net:
        assert torch.equal(scales, torch.ones(6, 4))
    else:
        assert bool((scales.abs() < 1).all())
        assert scales.std() > 0

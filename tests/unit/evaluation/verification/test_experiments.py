"""The distributions have the defects that their titles state."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ogan_bench.evaluation.verification.experiments import EXPERIMENTS

N = 4000


def defect(name: str) -> tuple[Tensor, Tensor]:
    return EXPERIMENTS[name].defect.draw(torch.Generator().manual_seed(0), N)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_sets_are_alike_in_form_and_drawn_anew(name: str) -> None:
    experiment = EXPERIMENTS[name]
    for pair in (experiment.base, experiment.defect):
        samples, real = pair.draw(torch.Generator().manual_seed(0), 100)
        assert samples.shape == real.shape == (round(100 * pair.size), real.shape[1])
        assert samples.dtype == real.dtype == torch.float32
        assert torch.equal(samples, real) == pair.copies
    assert experiment.desired


def shares(points: Tensor) -> list[float]:
    """Of the modes, 10 apart along the first axis."""
    counts = (points[:, 0] / 10).round().long().bincount(minlength=14)
    return [float(share) for share in counts / len(points)]


def test_modes_are_dropped_and_invented() -> None:
    samples, real = defect("modes_dropped_in_turn")
    assert shares(samples)[6:10] == [0] * 4
    assert shares(real)[9] == pytest.approx(0.1, abs=0.02)
    assert shares(defect("modes_dropped_at_once")[0])[9] == pytest.approx(0.005, abs=0.004)
    samples, real = defect("modes_invented")
    assert sum(shares(samples)[10:]) == pytest.approx(4 / 14, abs=0.03)
    assert sum(shares(real)[10:]) == 0


def test_one_gaussian_has_the_moments_of_two_modes() -> None:
    samples, real = defect("one_for_two_modes")
    assert torch.allclose(samples.mean(0), real.mean(0), atol=0.3)
    assert torch.allclose(samples.T.cov(), real.T.cov(), rtol=0.1, atol=0.5)
    assert (samples[:, 0] - 5).abs().lt(2).float().mean() > 0.2
    assert (real[:, 0] - 5).abs().lt(2).float().mean() < 0.01


def test_supports() -> None:
    ball, sphere = defect("ball_for_sphere")
    assert torch.allclose(sphere.norm(dim=1), torch.ones(N))
    assert (ball.norm(dim=1) < 0.5).float().mean() == pytest.approx(1 / 8, abs=0.02)
    large, cube = defect("cube_too_large")
    assert (large.abs() > 0.5).any(1).float().mean() == pytest.approx(1 - 1.5**-4, abs=0.02)
    assert cube.abs().max() <= 0.5
    samples, real = defect("continuous_for_discrete")
    assert torch.equal(real, real.round())
    assert not torch.equal(samples, samples.round())
    assert len(defect("repeated_samples")[0].unique(dim=0)) == N // 10
    tails, _ = defect("heavy_tails")
    assert (tails > 10).float().mean() == pytest.approx(0.01, abs=0.002)


def test_spheres_rings_and_coordinates() -> None:
    small, real = defect("sphere_too_small")
    assert torch.allclose(small.norm(dim=1), torch.full((N,), 0.7))
    assert torch.allclose(real.norm(dim=1), torch.ones(N))
    ring, ball = defect("torus_for_ball")
    assert ball.norm(dim=1).max() <= 1
    assert ring.norm(dim=1).min() > 1.1
    assert (ring[:, :2].norm(dim=1) - 1.25).square().add(ring[:, 2].square()).max() < 0.126**2
    off, real = defect("one_coordinate_off")
    assert torch.allclose(off.mean(0) - real.mean(0), 6.0 * (torch.arange(64) == 0), atol=0.15)
    samples, real = defect("one_coordinate_scaled")
    assert (samples[:, 0].mean() - real[:, 0].mean()) == pytest.approx(6, abs=0.1)
    assert samples[:, 1].std() == pytest.approx(1000, rel=0.05)


def test_outliers_are_a_hundredth() -> None:
    _, real = defect("outliers_in_reference")
    assert (real.mean(1) > 1.5).float().mean() == pytest.approx(0.01)
    samples, _ = defect("outliers_in_samples")
    assert (samples.norm(dim=1) > 9).float().mean() == pytest.approx(0.01, abs=0.002)

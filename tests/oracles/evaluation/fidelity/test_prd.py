"""Precision and recall of distributions against the definition, and against known overlaps."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.prd import BETA, distribution_overlap, largest_f, mean_curve


def cells(*counts: int) -> Tensor:
    """The cells of points that occur this often, in one clustering."""
    return torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))[None]


def f_on_a_grid(p: list[float], q: list[float], beta: float) -> float:
    """The largest F_b of α and β as the paper states them, over many angles."""
    best = 0.0
    for angle in np.linspace(0, math.pi / 2, 40_001)[1:-1]:
        slope = math.tan(angle)
        alpha = sum(min(slope * a, b) for a, b in zip(p, q, strict=True))
        recall = sum(min(a, b / slope) for a, b in zip(p, q, strict=True))
        if alpha > 0:
            best = max(best, (1 + beta**2) * alpha * recall / (beta**2 * alpha + recall))
    return best


@pytest.mark.parametrize("beta", [BETA, 1 / BETA, 1.0])
@pytest.mark.parametrize(
    "samples", [(10, 20, 30, 40), (40, 30, 20, 10), (0, 0, 50, 50), (9, 1, 0, 90)]
)
def test_is_the_largest_of_the_papers_curve(samples: tuple[int, ...], beta: float) -> None:
    found = largest_f(cells(*samples), cells(10, 20, 30, 40), beta)
    shares = [count / 100 for count in samples]
    assert found == pytest.approx(f_on_a_grid([0.1, 0.2, 0.3, 0.4], shares, beta), abs=1e-4)
    assert found <= 1


@pytest.mark.parametrize("samples", [(10, 20, 30, 40), (0, 0, 50, 50), (9, 1, 0, 90)])
def test_the_curve_is_the_papers(samples: tuple[int, ...]) -> None:
    p, q = [0.1, 0.2, 0.3, 0.4], [count / 100 for count in samples]
    curve = mean_curve(cells(*samples), cells(10, 20, 30, 40)).numpy()
    assert curve.shape == (51, 2)
    for (recall, precision), angle in zip(curve, np.linspace(0, math.pi / 2, 51), strict=True):
        slope = math.tan(min(max(angle, 1e-9), math.pi / 2 - 1e-9))
        alpha = sum(min(slope * a, b) for a, b in zip(p, q, strict=True))
        assert (recall, precision) == pytest.approx((alpha / slope, alpha), abs=1e-7)


def test_the_ends_lie_on_the_curve() -> None:
    """F_8 and F_1/8 of its points come close to the largest and do not exceed them."""
    samples, reference = cells(40, 30, 20, 10), cells(10, 20, 30, 40)
    recall, precision = mean_curve(samples, reference).T
    for beta in (BETA, 1 / BETA):
        each = (1 + beta**2) * recall * precision / (beta**2 * precision + recall)
        best = largest_f(samples, reference, beta)
        assert best - 0.02 < float(each.nan_to_num().max()) <= best + 1e-12


def test_curves_are_averaged_before_the_largest_is_taken() -> None:
    """Two clusterings whose best λ differ: the mean of their largest values would be more."""
    samples = torch.cat([cells(10, 90), cells(90, 10)])
    reference = torch.cat([cells(50, 50), cells(50, 50)])
    one = largest_f(samples[:1], reference[:1], 1.0)
    assert largest_f(samples, reference, 1.0) == pytest.approx(one)
    reference = torch.cat([cells(50, 50), cells(90, 10)])
    both = largest_f(samples, reference, BETA)
    assert both < (largest_f(samples[:1], reference[:1], BETA) + 1) / 2


@pytest.mark.parametrize(("shift", "recall"), [(0.0, 1.0), (100.0, 0.0)])
def test_equal_sets_have_one_and_disjoint_ones_zero(shift: float, recall: float) -> None:
    points = torch.randn(200, 4, generator=torch.Generator().manual_seed(0))
    found = distribution_overlap(points + shift, points, 0)
    assert found.recall == found.precision == pytest.approx(recall)
    assert found.points == 200


def modes(count: int, n: int, seed: int) -> Tensor:
    """Even shares of n points in the first of ten far modes."""
    centres = 50 * torch.eye(10)[:count]
    noise = torch.randn(n, 10, generator=torch.Generator().manual_seed(seed))
    return centres.repeat_interleave(n // count, 0) + noise[: n // count * count]


def test_dropped_modes_are_a_loss_of_recall_and_invented_ones_of_precision() -> None:
    """Half of the support: α = 1 at λ = 2, so F_8 = 65 / (1 + 64 · 2)."""
    half, whole = modes(5, 1000, 1), modes(10, 1000, 2)
    lost = (1 + BETA**2) / (1 + 2 * BETA**2)
    dropped, invented = distribution_overlap(half, whole, 0), distribution_overlap(whole, half, 0)
    assert dropped.recall == pytest.approx(lost, abs=0.03)
    assert dropped.precision > 0.95
    assert invented.precision == pytest.approx(lost, abs=0.03)
    assert invented.recall > 0.95


def test_perfect_samples_are_near_one_and_constant_ones_have_no_recall() -> None:
    reference = modes(10, 1000, 1)
    perfect = distribution_overlap(modes(10, 1000, 2), reference, 0)
    assert perfect.precision > 0.97
    assert perfect.recall > 0.97
    constant = distribution_overlap(reference[:1].expand(1000, -1), reference, 0)
    assert constant.recall < 0.1


def test_numbers_are_made_equal() -> None:
    reference = modes(10, 2000, 1)
    assert distribution_overlap(modes(10, 500, 2), reference, 0).points == 500


def test_few_points_are_an_error() -> None:
    with pytest.raises(NoValueError, match="9 images on each side are too few for 20 cells"):
        distribution_overlap(torch.randn(9, 2), torch.randn(9, 2), 0)

"""Maximum mean discrepancies over all pairs of points, block by block in double precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ogan_bench.evaluation.fidelity.feature_sets import check

BLOCK = 512
"""Points per block: a block of pairs that fits in the processor's cache halves the time."""
SIGMA = 10.0
"""Width of CMMD's kernel."""
SCALE = 1000.0
"""Factor on CMMD, for readability."""

Kernel = Callable[[Tensor, Tensor], Tensor]


def cubic(x: Tensor, y: Tensor) -> Tensor:
    """(x·y / k + 1)³ of all pairs, shape ``(n, m)``; the kernel of KID."""
    base = torch.addmm(x.new_ones(()), x, y.T, alpha=1 / x.shape[1])
    return base * base * base


def gaussian(x: Tensor, y: Tensor) -> Tensor:
    """exp(-‖x - y‖² / 2σ²) of all pairs, shape ``(n, m)``; the kernel of CMMD, σ = 10."""
    squares = x.square().sum(1)[:, None] + y.square().sum(1)[None, :]
    return torch.exp((x @ y.T - squares / 2) / SIGMA**2)


def sums_within(points: Tensor, kernel: Kernel) -> Tensor:
    """Σ_{j≠i} k(x_i, x_j) for every point, float64, shape ``(n,)``."""
    x = points.double()
    sums = x.new_zeros(len(x))
    starts = range(0, len(x), BLOCK)
    for i in starts:
        for j in starts[i // BLOCK :]:
            block = kernel(x[i : i + BLOCK], x[j : j + BLOCK])
            if i == j:
                block.diagonal().zero_()
            else:
                sums[j : j + BLOCK] += block.sum(0)
            sums[i : i + BLOCK] += block.sum(1)
    return sums


def sums_across(x: Tensor, y: Tensor, kernel: Kernel) -> tuple[Tensor, Tensor]:
    """Σ_j k(x_i, y_j) for every x_i and Σ_i k(x_i, y_j) for every y_j, float64."""
    x, y = x.double(), y.double()
    of_x, of_y = x.new_zeros(len(x)), x.new_zeros(len(y))
    for i in range(0, len(x), BLOCK):
        for j in range(0, len(y), BLOCK):
            block = kernel(x[i : i + BLOCK], y[j : j + BLOCK])
            of_x[i : i + BLOCK] += block.sum(1)
            of_y[j : j + BLOCK] += block.sum(0)
    return of_x, of_y


@dataclass(frozen=True)
class Estimate:
    """An estimate and its standard error."""

    value: float
    standard_error: float


def exact_kernel_distance(
    samples: Tensor, reference: Tensor, within_reference: Tensor | None = None
) -> Estimate:
    """Unbiased squared MMD with the kernel (x·y / k + 1)³ over all pairs.

    The U-statistic

        Σ_{i≠j} k(x_i, x_j) / n(n-1) + Σ_{i≠j} k(y_i, y_j) / m(m-1) - 2 Σ_ij k(x_i, y_j) / nm.

    Its standard error is the jackknife's: every point of either set is left out once, which needs
    only the sums of the points' rows. If the distributions differ, ± two standard errors cover the
    true value about 95 times in 100; if they are equal, the statistic is degenerate and the error
    is about √2 too large, so coverage is higher.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.
        within_reference: :func:`sums_within` of the reference, if already computed.

    Raises:
        ValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        M. Bińkowski et al., Demystifying MMD GANs, 2018, https://arxiv.org/abs/1801.01401;
        J. N. Arvesen, Jackknifing U-statistics, 1969 (the standard error)
    """
    check(samples, reference)
    a = sums_within(samples, cubic)
    b = sums_within(reference, cubic) if within_reference is None else within_reference.to(a)
    of_x, of_y = sums_across(samples, reference, cubic)
    n, m = len(samples), len(reference)
    A, B, C = a.sum(), b.sum(), of_x.sum()

    def statistic(A: Tensor, B: Tensor, C: Tensor, n: int, m: int) -> Tensor:
        return A / (n * (n - 1)) + B / (m * (m - 1)) - 2 * C / (n * m)

    without_x = statistic(A - 2 * a, B, C - of_x, n - 1, m)
    without_y = statistic(A, B - 2 * b, C - of_y, n, m - 1)
    variance = sum(
        (size - 1) * left.var(correction=0) for size, left in ((n, without_x), (m, without_y))
    )
    return Estimate(float(statistic(A, B, C, n, m)), math.sqrt(float(variance)))


def cmmd(
    samples: Tensor, reference: Tensor, within_reference: Tensor | None = None
) -> tuple[float, float]:
    """1000 times the squared MMD with a Gaussian kernel of width 10, between unit vectors.

    It is the V-statistic, as in the authors' code (their paper gives the U-statistic): pairs of
    a point with itself count, which for equal distributions with mean similarity q between two
    different points leaves 1000 (1 - q) (1/n + 1/m).

    Args:
        samples: Generated CLIP embeddings of any length, shape ``(n, k)``.
        reference: Reference embeddings, shape ``(m, k)``.
        within_reference: :func:`sums_within` of the unit vectors, if already computed.

    Returns:
        The distance, and the value expected of perfect samples.

    Raises:
        ValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        S. Jayasumana et al., Rethinking FID: Towards a Better Evaluation Metric for Image
        Generation, 2023, https://arxiv.org/abs/2401.09603
    """
    check(samples, reference)
    x, y = normalize(samples.double()), normalize(reference.double())
    n, m = len(x), len(y)
    a = sums_within(x, gaussian).sum()
    b = (sums_within(y, gaussian) if within_reference is None else within_reference.to(x)).sum()
    c = sums_across(x, y, gaussian)[0].sum()
    value = (a + n) / n**2 + (b + m) / m**2 - 2 * c / (n * m)
    floor = (1 - b / (m * (m - 1))) * (1 / n + 1 / m)
    return SCALE * float(value), SCALE * float(floor)

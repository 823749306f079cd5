"""Maximum mean discrepancies over all pairs of points, block by block in double precision.

The sums of the cubic kernel need no pairs if there are many points: with the vectors
x' = (x / √k, 1), it is (x' · y')³, and

    Σ_j (x' · y_j')³ = x'ᵀ [Σ_j y_j' q(y_j')ᵀ] q(x'),   q(a) · q(b) = (a · b)²,

where the bracket is computed once. Its cost grows with the number of points, not of pairs.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ogan_bench.evaluation.fidelity.feature_sets import check
from ogan_bench.evaluation.standard_error import Estimate, of_mean

BLOCK = 512
"""Points per block: a block of pairs that fits in the processor's cache halves the time."""
SIGMA = 10.0
"""Width of CMMD's kernel."""
SCALE = 1000.0
"""Factor on CMMD, for readability."""

Kernel = Callable[[Tensor, Tensor], Tensor]
Prepare = Callable[[Tensor], Tensor]
"""Maps rows of features to what a kernel takes, in double precision, row by row."""


def unit(points: Tensor) -> Tensor:
    """Rows of length 1 in double precision."""
    return normalize(points.double())


def cubic(x: Tensor, y: Tensor) -> Tensor:
    """(x·y / k + 1)³ of all pairs, shape ``(n, m)``; the kernel of KID."""
    base = torch.addmm(x.new_ones(()), x, y.T, alpha=1 / x.shape[1])
    return base * base * base


def gaussian(x: Tensor, y: Tensor) -> Tensor:
    """exp(-‖x - y‖² / 2σ²) of all pairs, shape ``(n, m)``; the kernel of CMMD, σ = 10."""
    squares = x.square().sum(1)[:, None] + y.square().sum(1)[None, :]
    return torch.exp((x @ y.T - squares / 2) / SIGMA**2)


def sums_within(points: Tensor, kernel: Kernel, prepare: Prepare = Tensor.double) -> Tensor:
    """Σ_{j≠i} k(x_i, x_j) for every point, float64, shape ``(n,)``.

    Args:
        points: Shape ``(n, k)``.
        kernel: k.
        prepare: Applied to each block of points.
    """
    n, k = points.shape
    if kernel is cubic and n > 2 * (k + 1) * (k + 2):
        bracket = _cubic_bracket(points, prepare)
        return torch.cat([_cubic_sums(prepare(x), bracket) for x in points.split(BLOCK)])
    sums = points.new_zeros(n, dtype=torch.float64)
    for i in range(0, n, BLOCK):
        x = prepare(points[i : i + BLOCK])
        for j in range(i, n, BLOCK):
            block = kernel(x, x if i == j else prepare(points[j : j + BLOCK]))
            if i == j:
                block.diagonal().zero_()
            else:
                sums[j : j + BLOCK] += block.sum(0)
            sums[i : i + BLOCK] += block.sum(1)
    return sums


def sums_across(
    x: Tensor, y: Tensor, kernel: Kernel, prepare: Prepare = Tensor.double
) -> tuple[Tensor, Tensor]:
    """Σ_j k(x_i, y_j) for every x_i and Σ_i k(x_i, y_j) for every y_j, float64.

    Args:
        x: Shape ``(n, k)``.
        y: Shape ``(m, k)``.
        kernel: k.
        prepare: Applied to each block of points.
    """
    of_x, of_y = (points.new_zeros(len(points), dtype=torch.float64) for points in (x, y))
    for j in range(0, len(y), BLOCK):
        others = prepare(y[j : j + BLOCK])
        for i in range(0, len(x), BLOCK):
            block = kernel(prepare(x[i : i + BLOCK]), others)
            of_x[i : i + BLOCK] += block.sum(1)
            of_y[j : j + BLOCK] += block.sum(0)
    return of_x, of_y


def _cubic_bracket(points: Tensor, prepare: Prepare) -> Tensor:
    """Σ_j y' q(y')ᵀ, float64, shape ``(k + 1, (k + 1)(k + 2) / 2)``."""
    found: Tensor | None = None
    for block in points.split(BLOCK):
        y = _augmented(prepare(block))
        product = y @ _squares(y).T
        found = product if found is None else found.add_(product)
    assert found is not None
    return found


def _cubic_sums(x: Tensor, bracket: Tensor) -> Tensor:
    """Σ_j k(x_i, y_j) without the point itself, for points that are in the bracket."""
    x = _augmented(x)
    return (x * (bracket @ _squares(x))).sum(0) - x.square().sum(0) ** 3


def _augmented(x: Tensor) -> Tensor:
    """The x', one per column, shape ``(k + 1, n)``."""
    return torch.cat([x.T / math.sqrt(x.shape[1]), x.new_ones(1, len(x))])


def _squares(x: Tensor) -> Tensor:
    """q(x'), one per column: the products of two coordinates, x'_i² and √2 x'_i x'_j for i < j."""
    scaled = x * math.sqrt(2)
    products = [torch.cat([x[i : i + 1], scaled[i + 1 :]]).mul_(x[i]) for i in range(len(x))]
    return torch.cat(products)


def unbiased_cubic_mmd(
    x: Tensor, y: Tensor, within_y: Tensor | None = None
) -> tuple[float, Tensor]:
    """The value of :func:`exact_kernel_distance`, and the influences of the x, shape ``(n,)``."""
    of_x, _ = sums_across(x, y, cubic)
    a, n, m = sums_within(x, cubic), len(x), len(y)
    b = sums_within(y, cubic) if within_y is None else within_y.to(a)
    value = a.sum() / (n * (n - 1)) + b.sum() / (m * (m - 1)) - 2 * of_x.sum() / (n * m)
    return float(value), 2 * (a / (n - 1) - of_x / m)


def exact_kernel_distance(
    samples: Tensor, reference: Tensor, within_reference: Tensor | None = None
) -> Estimate:
    """Unbiased squared MMD with the kernel (x·y / k + 1)³ over all pairs.

    The U-statistic

        Σ_{i≠j} k(x_i, x_j) / n(n-1) + Σ_{i≠j} k(y_i, y_j) / m(m-1) - 2 Σ_ij k(x_i, y_j) / nm.

    The standard error is that of the samples, with the reference fixed: the influence of a sample
    is 2 (Σ_j k(x_i, x_j) / (n-1) - Σ_j k(x_i, y_j) / m). If the distributions are equal, the
    statistic is degenerate and the error is up to √2 too large.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.
        within_reference: :func:`sums_within` of the reference, if already computed.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        M. Bińkowski et al., Demystifying MMD GANs, 2018, https://arxiv.org/abs/1801.01401;
        W. Hoeffding, A Class of Statistics with Asymptotically Normal Distribution, 1948,
        https://doi.org/10.1214/aoms/1177730196 (the influences)
    """
    check(samples, reference)
    value, influences = unbiased_cubic_mmd(samples, reference, within_reference)
    return Estimate(value, of_mean(influences))


def cmmd(
    samples: Tensor, reference: Tensor, within_reference: Tensor | None = None
) -> tuple[Estimate, float]:
    """1000 times the squared MMD with a Gaussian kernel of width 10, between unit vectors.

    It is the V-statistic, as in the authors' code (their paper gives the U-statistic): pairs of
    a point with itself count, which for equal distributions with mean similarity q between two
    different points leaves 1000 (1 - q) (1/n + 1/m).

    Args:
        samples: Generated CLIP embeddings of any length, shape ``(n, k)``.
        reference: Reference embeddings, shape ``(m, k)``.
        within_reference: :func:`sums_within` of the unit vectors, if already computed.

    Returns:
        The distance with the standard error of the samples, the reference fixed, up to √2 too
        large for perfect ones; and the value expected of perfect samples.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        S. Jayasumana et al., Rethinking FID: Towards a Better Evaluation Metric for Image
        Generation, 2023, https://arxiv.org/abs/2401.09603
    """
    check(samples, reference)
    n, m = len(samples), len(reference)
    known = within_reference
    within = sums_within(samples, gaussian, unit)
    a = within.sum()
    b = (sums_within(reference, gaussian, unit) if known is None else known.to(a)).sum()
    across, _ = sums_across(samples, reference, gaussian, unit)
    c = across.sum()
    value = (a + n) / n**2 + (b + m) / m**2 - 2 * c / (n * m)
    floor = (1 - b / (m * (m - 1))) * (1 / n + 1 / m)
    error = of_mean(2 * SCALE * (within / n - across / m))
    return Estimate(SCALE * float(value), error), SCALE * float(floor)

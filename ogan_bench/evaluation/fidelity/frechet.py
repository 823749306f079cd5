"""The Fréchet distance between two sets of features, its floor, and its infinite-sample limit.

Only symmetric matrices are needed: with a root S2 = A Aᵀ of the reference's covariance,

    tr (S1 S2)^½ = tr (Aᵀ S1 A)^½ = Σ_i √λ_i(Aᵀ S1 A),

where the eigenvalues are real and, up to rounding, non-negative. A depends only on the reference
and is computed once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.feature_sets import (
    BLOCK,
    check,
    double_mean,
    sum_over_blocks,
)
from ogan_bench.evaluation.standard_error import of_mean
from ogan_bench.seeding import generator

FLOOR_PER_FEATURE = 3
"""Fewest images per feature in either set from which the floor's expansion holds."""
SIZES = 15
"""Number of sample sizes used by the extrapolation."""
FEWEST_PER_FEATURE = 2.5
"""Smallest of these sizes, per feature: 5120 for Inception-v3's 2048."""


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of a reference set, in double precision.

    Args:
        mean: Shape ``(k,)``.
        eigenvalues: Of the covariance, ascending, shape ``(k,)``.
        root: A with A Aᵀ = S, one column per eigenvalue above rounding error, shape ``(k, r)``.
        count: Number of points.
    """

    mean: Tensor
    eigenvalues: Tensor
    root: Tensor
    count: int


def moments(reference: Tensor) -> Moments:
    """Mean and covariance of reference features ``(m, k)``.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.
    """
    check(None, reference)
    mean = double_mean(reference)
    eigenvalues, vectors = torch.linalg.eigh(_covariance(reference, mean))
    real = eigenvalues > len(eigenvalues) * torch.finfo(mean.dtype).eps * eigenvalues[-1]
    root = vectors[:, real] * eigenvalues[real].sqrt()
    return Moments(mean, eigenvalues, root, len(reference))


def frechet_distance(samples: Tensor, reference: Tensor | Moments) -> float:
    """|m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½) of two sets of features.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``, or their moments.

    Returns:
        The distance in squared units of the features; negative rounding errors are clipped to 0.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        M. Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
        Equilibrium, 2017, https://arxiv.org/abs/1706.08500
    """
    check(samples, reference if isinstance(reference, Tensor) else None)
    known = _known(reference)
    x, A = samples.to(known.mean.device), known.root
    mean = double_mean(x)
    if len(x) < A.shape[1]:  # AᵀXᵀX A and X A AᵀXᵀ share their eigenvalues; use the smaller
        centred = (x.double() - mean) / math.sqrt(len(x) - 1)
        variance, projected = centred.square().sum(), centred @ A
        product = projected @ projected.T
    else:
        covariance = _covariance(x, mean)
        variance, product = covariance.trace(), A.T @ covariance @ A
    overlap = torch.linalg.eigvalsh(product).clamp_min(0).sqrt().sum()
    shift = (mean - known.mean).square().sum()
    return max(0.0, float(shift + variance + known.eigenvalues.sum() - 2 * overlap))


def frechet_influence(samples: Tensor, reference: Tensor | Moments) -> Tensor | None:
    """How much each sample moves :func:`frechet_distance`, times n, to first order.

    With c = x - m1 and the linear map T that transports N(0, S1) to N(0, S2) at least cost,

        2 (m1 - m2)·c + |c|² - cᵀ T c,   T = A (Aᵀ S1 A)^-½ Aᵀ,

    up to a constant. The standard error that follows, with the reference fixed, is within a fifth
    of the truth where the distance is well above its floor. At the floor the first order vanishes
    and the error is about √2 too large, up to twice for 3 samples per feature.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``, or their moments.

    Returns:
        float64, shape ``(n,)``; ``None`` for less than 3 samples per feature, where the expansion
        fails.

    References:
        T. Rippl et al., Limit Laws of the Empirical Wasserstein Distance: Gaussian Distributions,
        2016, https://arxiv.org/abs/1507.04090
    """
    known = _known(reference)
    if len(samples) < FLOOR_PER_FEATURE * samples.shape[1]:
        return None
    x = samples.to(known.mean.device)
    mean = double_mean(x)
    of = linearised(mean, _covariance(x, mean), known.mean, known.root)
    return torch.cat([of(block.double()) for block in x.split(BLOCK)])


def linearised(
    mean: Tensor, covariance: Tensor, reference_mean: Tensor, A: Tensor
) -> Callable[[Tensor], Tensor]:
    """The function of :func:`frechet_influence` for samples of given moments.

    Args:
        mean: float64, shape ``(k,)``.
        covariance: float64, shape ``(k, k)``.
        reference_mean: Of the reference, shape ``(k,)``.
        A: Root of the reference's covariance, shape ``(k, r)``.

    Returns:
        Maps samples in double precision, shape ``(b, k)``, to their influences, shape ``(b,)``.
    """
    eigenvalues, vectors = torch.linalg.eigh(A.T @ covariance @ A)
    real = eigenvalues > len(eigenvalues) * torch.finfo(mean.dtype).eps * eigenvalues[-1:]
    root = A @ vectors[:, real] * eigenvalues[real].pow(-0.25)  # of T

    def of(points: Tensor) -> Tensor:
        c = points - mean
        found: Tensor = c.square().sum(1) - (c @ root).square().sum(1)
        return found.add_(c @ (mean - reference_mean), alpha=2)

    return of


def frechet_error(samples: Tensor, reference: Tensor | Moments) -> float | None:
    """Standard error of :func:`frechet_distance`; see :func:`frechet_influence`."""
    influence = frechet_influence(samples, reference)
    return None if influence is None else of_mean(influence)


def frechet_error_of_both(samples: Tensor, others: Tensor) -> float | None:
    """Standard error of :func:`frechet_distance` of two sets that are both drawn anew.

    Args:
        samples: Shape ``(n, k)``.
        others: Independent of them, shape ``(m, k)``.

    Returns:
        ``None`` for less than 3 of either per feature, or if one set is constant.
    """
    sets = ((samples, others), (others, samples))
    if any(torch.equal(*points.aminmax(dim=0)) for points, _ in sets):
        return None
    first, second = (frechet_error(*pair) for pair in sets)
    return None if first is None or second is None else math.hypot(first, second)


def frechet_floor(reference: Tensor | Moments, n_samples: float) -> float:
    """Expected Fréchet distance of a perfect generator, from the sample sizes alone.

    With the eigenvalues l of the reference's covariance S, to first order in 1/n,

        ½ (1/n + 1/m) [2 tr S + Σ_ij l_i l_j (1 + δ_ij) / (l_i + l_j)].

    Exact for a Gaussian in the limit of many samples, and too low for few: for 64 independent
    features it is 0.67 of the mean distance at n = m = 1.25 k, 0.79 at 2 k, 0.86 at 3 k, 0.92 at
    6 k and 0.95 at 10 k (rectified features: 0.65, 0.75, 0.83, 0.89 and 0.93). So it needs 3 k.

    Args:
        reference: Reference features, shape ``(m, k)``, or their moments.
        n_samples: Number n of generated samples; may be infinite.

    Raises:
        NoValueError: A set has fewer than 3 images per feature, so the expansion fails.
    """
    known = _known(reference)
    m, k = known.count, len(known.mean)
    if (fewest := min(n_samples, m)) < FLOOR_PER_FEATURE * k:
        raise NoValueError(
            f"no floor: {fewest} images are too few for {k} features, take {FLOOR_PER_FEATURE * k}"
        )
    eigenvalues = known.eigenvalues
    eigenvalues = eigenvalues[eigenvalues > 1e-12 * eigenvalues[-1]]
    product = torch.outer(eigenvalues, eigenvalues)
    pairs = product / (eigenvalues[:, None] + eigenvalues[None, :])
    bracket = 2 * eigenvalues.sum() + pairs.sum() + pairs.trace()
    return 0.5 * (1 / n_samples + 1 / m) * float(bracket)


@dataclass(frozen=True)
class Extrapolation:
    """Intercept of a regression on 1/N.

    Args:
        value: Where the line meets 1/N = 0.
        standard_error: From the finite number of samples, with the reference fixed.
        smallest: Smallest N.
    """

    value: float
    standard_error: float
    smallest: int


def frechet_infinity(samples: Tensor, reference: Tensor | Moments, seed: int) -> Extrapolation:
    """The Fréchet distance of infinitely many samples, FD∞.

    The distance of N samples is FD∞ + c/N to first order. It is computed for random subsets of the
    samples, of 15 evenly spaced sizes from max(n / 10, 2.5 k) to n, and a line is fitted by least
    squares. The reference is not subsampled.

    The sizes share samples, so the scatter about the line says little about the error of the
    intercept Σ_s w_s FD_s. It follows from :func:`frechet_influence` ψ instead: a sample of the
    subsets s moves the intercept by ψ Σ_s w_s / N_s.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``, or their moments.
        seed: Seed of the subsets.

    Raises:
        NoValueError: There are fewer than 5 k samples; or as :func:`frechet_distance`.

    References:
        M. J. Chong and D. Forsyth, Effectively Unbiased FID and Inception Score and where to find
        them, 2019, https://arxiv.org/abs/1911.07023 (sizes from 5000 on, for Inception-v3)
    """
    n, k = samples.shape
    smallest = max(n // 10, math.ceil(FEWEST_PER_FEATURE * k))
    if 2 * smallest > n:
        raise NoValueError(
            f"{n} samples are too few to extrapolate from: {k} features need {5 * k}"
        )
    known = _known(reference)
    sizes = torch.linspace(smallest, n, SIZES).round().long().tolist()
    subsets = [_subset(n, size, seed, i) for i, size in enumerate(sizes)]
    distances = [frechet_distance(samples[rows.to(samples.device)], known) for rows in subsets]
    u = 1 / torch.tensor(sizes, dtype=torch.float64)
    about = u - u.mean()
    weights = 1 / SIZES - u.mean() * about / about.square().sum()
    intercept = weights @ torch.tensor(distances, dtype=torch.float64)
    influence = frechet_influence(samples, known)
    assert influence is not None
    centred = (influence - influence.mean()).cpu()
    moved = torch.zeros(n, dtype=torch.float64)
    for rows, weight, size in zip(subsets, weights, sizes, strict=True):
        moved[rows] += weight / size * centred[rows]
    return Extrapolation(float(intercept), float(moved.square().sum().sqrt()), smallest)


def _subset(n: int, size: int, seed: int, index: int) -> Tensor:
    """Rows of a random subset of n samples, drawn without replacement."""
    return torch.randperm(n, generator=generator(seed, "evaluation/infinity", index))[:size]


def _known(reference: Tensor | Moments) -> Moments:
    return reference if isinstance(reference, Moments) else moments(reference)


def _covariance(x: Tensor, mean: Tensor) -> Tensor:
    """Unbiased covariance of the columns in double precision, shape ``(k, k)``."""

    def scatter(block: Tensor) -> Tensor:
        centred = block - mean
        return centred.T @ centred

    return sum_over_blocks(x, scatter) / (len(x) - 1)

"""Standard errors from the finite number of samples, with everything else fixed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Estimate:
    """An estimate and its standard error; ``None`` where the latter is unknown."""

    value: float
    standard_error: float | None


def of_mean(each: Tensor) -> float | None:
    """s / √n of the mean of independent values; ``None`` for a single value.

    For a smooth function of the samples' distribution, the values are its influences: how much each
    sample moves it, to first order, times n.

    Args:
        each: Shape ``(n,)``.
    """
    return float(each.double().std()) / math.sqrt(len(each)) if len(each) > 1 else None


def of_share(share: float, n: int) -> float:
    """√(p (1 - p) / n) of the share p of n independent samples."""
    return math.sqrt(share * (1 - share) / n)


ErrorOfMean = Callable[[Tensor], float | None]
"""Maps values ``(n,)``, or influences, to the standard error of their mean."""


def ratio_of_means(
    numerator: Tensor, denominator: Tensor, error: ErrorOfMean = of_mean
) -> Estimate:
    """Σ_i a_i / Σ_i b_i = R, with the influences (a_i - R b_i) / b̄.

    Args:
        numerator: The a_i, shape ``(n,)``.
        denominator: The b_i, of a mean other than 0, shape ``(n,)``.
        error: Maps the influences to the standard error.
    """
    a, b = numerator.double(), denominator.double()
    ratio = float(a.mean()) / float(b.mean())
    return Estimate(ratio, error((a - ratio * b) / b.mean()))


def of_circle(each: Tensor) -> float | None:
    """√((γ_0 + 2 γ_1) / n) of the mean of values in a circle; ``None`` for less than three.

    Each value depends on its two neighbours and on no other, with the autocovariances γ.

    Args:
        each: In the order of the circle, shape ``(n,)``.
    """
    n = len(each)
    if n < 3:
        return None
    deviations = each.double() - each.double().mean()
    products = deviations.square() + 2 * deviations * deviations.roll(1)
    return math.sqrt(max(0.0, float(products.sum())) / (n * (n - 1)))


def of_pairs(each: Tensor, first: Tensor, second: Tensor) -> float | None:
    """√(Σ_pq ψ_p ψ_q / (n² - m)) of the mean of values of n random pairs of images.

    The sum is over the m combinations of pairs p and q that have an image in common, each pair with
    itself among them, and ψ_p is the deviation from the mean. Where no pairs share an image, it is
    s / √n; it is never taken as less, since an image that is in several pairs makes their mean less
    certain. Over all n² combinations the sum is zero, so few of them must have an image in common:
    ``None`` if it is more than an eighth, with fewer than about 32 images.

    Args:
        each: Shape ``(n,)``.
        first: Which image is the first of each pair, shape ``(n,)``.
        second: Which other image is the second, shape ``(n,)``.

    References:
        P. M. Aronow, C. Samii and V. A. Assenova, Cluster-Robust Variance Estimation for Dyadic
        Data, 2015, https://arxiv.org/abs/1312.3398
    """
    ends = torch.stack([first, second]).cpu()
    _, same = ends.sort(0).values.unique(dim=1, return_inverse=True)

    def over_common(values: Tensor) -> float:
        # Pairs of the same two images have both in common, and count once.
        of_images = ends.flatten().bincount(values.repeat(2))
        return float(of_images.square().sum() - same.bincount(values).square().sum())

    n, values = len(each), each.double().cpu()
    shared = over_common(torch.ones_like(values))
    alone = of_mean(values)
    if alone is None or 8 * shared > n**2:
        return None
    variance = over_common(values - values.mean()) / (n**2 - shared)
    return max(alone, math.sqrt(max(0.0, variance)))


def of_blocks(without: Sequence[float]) -> float:
    """The jackknife over g blocks of equal size: √((g - 1)/g Σ_b (θ_b - θ̄)²).

    Args:
        without: The value θ_b without each block b.

    References:
        B. Efron and C. Stein, The Jackknife Estimate of Variance, 1981,
        https://doi.org/10.1214/aos/1176345462
    """
    g = len(without)
    deviations = torch.tensor(without, dtype=torch.float64)
    return float(((g - 1) * deviations.var(correction=0)).sqrt())

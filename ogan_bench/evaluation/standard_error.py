"""Standard errors from the finite number of samples, with everything else fixed."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def ratio_of_means(numerator: Tensor, denominator: Tensor) -> Estimate:
    """Σ_i a_i / Σ_i b_i = R over independent pairs, whose influences are (a_i - R b_i) / b̄.

    Args:
        numerator: The a_i, shape ``(n,)``.
        denominator: The b_i, of a mean other than 0, shape ``(n,)``.
    """
    a, b = numerator.double(), denominator.double()
    ratio = float(a.mean()) / float(b.mean())
    return Estimate(ratio, of_mean((a - ratio * b) / b.mean()))


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

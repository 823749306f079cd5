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

"""A sample of values, its size, mean and standard deviation.

A sample has one value per trial, shape (n,), or one for each of C classifiers, shape (n, C).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Sample = Sequence[float] | NDArray[np.float64]

ROUNDING = 1e-12
"""Relative difference below which two numbers count as equal."""


class Moments(NamedTuple):
    """Size, mean and standard deviation (n - 1) of a sample."""

    n: int
    mean: float
    sd: float


def finite(values: Sample) -> NDArray[np.float64]:
    """The values as an array of shape (n,) or (n, C).

    Raises:
        ValueError: They have another shape, or one of them is not a finite number.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim not in (1, 2) or not np.isfinite(x).all():
        raise ValueError("a sample has one or two dimensions and is finite")
    return x


def by_trial(values: Sample) -> NDArray[np.float64]:
    """One value per trial, shape (n,): the mean over classifiers.

    Raises:
        ValueError: As :func:`finite`.
    """
    x = finite(values)
    return x if x.ndim == 1 else x.mean(1)


def moments(values: Sample) -> Moments:
    """Size, mean and standard deviation over trials; exact where all values are the same."""
    x = by_trial(values)
    if x.size == 0:
        return Moments(0, math.nan, math.nan)
    low, high = float(x.min()), float(x.max())
    if low == high:
        return Moments(x.size, low, 0.0 if x.size > 1 else math.nan)
    mean = float(x.mean())
    spread = high - low
    scaled = (x - mean) / spread  # squares neither overflow nor vanish
    return Moments(x.size, mean, spread * math.sqrt(float(scaled @ scaled) / (x.size - 1)))


def standard_deviation(values: Sample) -> float:
    """Sample standard deviation (n - 1); nan for fewer than 2 values, exactly 0 for equal ones."""
    return moments(values).sd


def correlation(a: Sample, b: Sample) -> float:
    """Pearson's correlation of paired values.

    Args:
        a: Shape (n,).
        b: Shape (n,), in the same order.

    Returns:
        The correlation; nan for fewer than 3 pairs, or if either side has no variance.

    Raises:
        ValueError: The samples differ in length.
    """
    x, y = aligned(by_trial(a), by_trial(b))
    first, second = moments(x), moments(y)
    if first.n < 3 or first.sd == 0 or second.sd == 0:
        return math.nan
    r = float(((x - first.mean) / first.sd) @ ((y - second.mean) / second.sd)) / (first.n - 1)
    return max(-1.0, min(1.0, r))


def aligned(a: Sample, b: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both samples as arrays of the same shape: by classifier if both have as many of them.

    Raises:
        ValueError: They differ in length.
    """
    x, y = finite(a), finite(b)
    if len(x) != len(y):
        raise ValueError(f"paired samples have one value per seed each, not {len(x)} and {len(y)}")
    return (x, y) if x.shape == y.shape else (by_trial(x), by_trial(y))

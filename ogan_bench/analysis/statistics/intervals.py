"""Confidence intervals of means and of their differences."""

from __future__ import annotations

from typing import NamedTuple

from scipy import special

from ogan_bench.analysis.statistics.comparison import compare, single
from ogan_bench.analysis.statistics.samples import Sample


class Interval(NamedTuple):
    """An estimate with the bounds of its confidence interval, in the unit of the values."""

    estimate: float
    low: float
    high: float


def mean_interval(values: Sample, confidence: float = 0.95) -> Interval:
    """Mean with Student's t interval, ``mean ± t(n - 1) sd / sqrt(n)``.

    Args:
        values: Sample of n values.
        confidence: Probability that the interval covers the true mean, if the values are normal.

    Returns:
        The mean and its bounds. One value has no bounds (nan), no values have no mean either.

    >>> mean_interval([1.0, 2.0, 3.0]).estimate
    2.0
    """
    mean, error, freedom, _ = single(values)
    return around(mean, error, freedom, confidence)


def difference_interval(
    a: Sample, b: Sample, confidence: float = 0.95, *, paired: bool = False
) -> Interval:
    """``mean(a) - mean(b)`` with Welch's interval, or with that of the paired differences.

    Args:
        a: Shape (n,).
        b: Shape (m,); paired, of the same length and in the same order of seeds.
        confidence: Probability that the interval covers the true difference.
        paired: Whether the values belong together seed by seed.

    Returns:
        The difference and its bounds; the bounds are nan where a sample has fewer than 2 values.
    """
    difference, error, freedom, _ = compare(a, b, paired=paired)
    return around(difference, error, freedom, confidence)


def around(centre: float, error: float, freedom: float, confidence: float) -> Interval:
    """``centre ± t(freedom) error``; without an error (nan) there are no bounds."""
    if error == 0:
        return Interval(centre, centre, centre)
    half = float(special.stdtrit(freedom, (1 + confidence) / 2)) * error
    return Interval(centre, centre - half, centre + half)

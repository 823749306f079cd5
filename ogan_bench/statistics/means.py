"""Means and their differences: standard errors, t tests against a bound, confidence intervals.

This is the only place that decides between a paired difference and Welch's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import special

from ogan_bench.statistics.crossed import crossed_mean
from ogan_bench.statistics.samples import ROUNDING, Sample, aligned, by_trial, finite, moments


class Comparison(NamedTuple):
    """An estimated difference, its standard error and the t distribution's degrees of freedom.

    ``scale`` is the largest absolute value it was computed from; rounding errors grow with it.
    """

    difference: float
    error: float
    freedom: float
    scale: float


class Sides(NamedTuple):
    """p-values of "the difference is above the bound" and "it is below"; they sum to 1."""

    above: float
    below: float


def single(values: Sample) -> Comparison:
    """The mean of one sample with ``sd / sqrt(n)`` and n - 1 degrees of freedom.

    With values by classifier, both seeds and classifiers are random:
    :func:`~ogan_bench.statistics.crossed.crossed_mean`.
    """
    x = finite(values)
    n, mean, sd = moments(x)
    if n < 2:
        return Comparison(mean, math.nan, math.nan, math.nan)
    scale = float(np.abs(x).max())
    if x.ndim == 2:
        return Comparison(*crossed_mean(x), scale)
    return Comparison(mean, sd / math.sqrt(n), n - 1.0, scale)


def compare(a: Sample, b: Sample, *, paired: bool = False) -> Comparison:
    """``mean(a) - mean(b)`` with its standard error.

    Not paired: Welch's. With ``q = var / n`` of each sample the standard error is
    ``sqrt(q_a + q_b)`` and the degrees of freedom are
    ``(q_a + q_b)^2 / (q_a^2 / (n_a - 1) + q_b^2 / (n_b - 1))``; over means of classifiers, if the
    values are by classifier.

    Paired: ``d = a - b`` seed by seed, ``sd(d) / sqrt(n)`` with n - 1 degrees of freedom; by
    classifier too, both are random, as in :func:`single`. If the differences are constant up to
    rounding, their variance is exactly 0.

    Returns:
        The comparison; all but the difference is nan where a sample has fewer than 2 values.

    Raises:
        ValueError: The samples are paired and differ in length, or a value is not finite.
    """
    x, y = aligned(a, b) if paired else (by_trial(a), by_trial(b))
    first, second = moments(x), moments(y)
    difference = first.mean - second.mean
    if first.n < 2 or second.n < 2:
        return Comparison(difference, math.nan, math.nan, math.nan)
    scale = max(float(np.abs(x).max()), float(np.abs(y).max()))
    if paired:
        d = x - y
        if float(np.ptp(d)) <= ROUNDING * scale:
            return Comparison(difference, 0.0, len(d) - 1.0, scale)
        _, error, freedom, _ = single(d)
        return Comparison(difference, error, freedom, scale)
    parts = first.sd / math.sqrt(first.n), second.sd / math.sqrt(second.n)
    error = math.hypot(*parts)
    if error == 0:
        return Comparison(difference, 0.0, first.n + second.n - 2.0, scale)
    shares = (parts[0] / error) ** 2, (parts[1] / error) ** 2
    freedom = 1 / (shares[0] ** 2 / (first.n - 1) + shares[1] ** 2 / (second.n - 1))
    return Comparison(difference, error, freedom, scale)


def varies(values: Sample, other: Sample | None = None) -> bool:
    """Whether a sample, or its paired difference to another one, varies by more than rounding."""
    return (single(values) if other is None else compare(values, other, paired=True)).error > 0


def against(comparison: Comparison, bound: float) -> Sides:
    """One-sided t tests of the difference against a bound, in both directions.

    Args:
        comparison: The estimate.
        bound: In the unit of the difference, of either sign.

    Returns:
        The p-values; nan without variance, for which there is no t test.
    """
    difference, error, freedom, _ = comparison
    if not error > 0:
        return Sides(math.nan, math.nan)
    t = (difference - bound) / error
    return Sides(float(special.stdtr(freedom, -t)), float(special.stdtr(freedom, t)))


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


def rerun_interval(values: Sample, confidence: float = 0.95) -> Interval:
    """Mean, and bounds within which the mean of as many new values lies.

    The prediction interval ``mean ± t(n - 1) sd sqrt(1/n + 1/n)``: both means are uncertain.

    Args:
        values: One value per trial, shape (n,).
        confidence: Probability that the new mean lies within the bounds, if values are normal.

    Returns:
        The mean and the bounds, which one value has not.

    References:
        G. J. Hahn, W. Q. Meeker, Statistical Intervals, 1991, section 4.8.

    >>> [round(end, 2) for end in rerun_interval([1.0, 2.0, 3.0])]
    [2.0, -1.51, 5.51]
    """
    mean, error, freedom, _ = single(values)
    return around(mean, math.sqrt(2) * error, freedom, confidence)


def difference_interval(
    a: Sample, b: Sample, confidence: float = 0.95, *, paired: bool = False
) -> Interval:
    """``mean(a) - mean(b)`` with Welch's interval, or with that of the paired differences.

    Args:
        a: Shape (n,), or by classifier (n, C).
        b: Shape (m,) or (m, C); paired, of the same length and in the same order of seeds.
        confidence: Probability that the interval covers the true difference.
        paired: Whether the values are paired by seed.

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

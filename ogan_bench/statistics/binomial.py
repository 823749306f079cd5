"""Failure rates: estimates with intervals, and exact tests of a claimed range."""

from __future__ import annotations

import math

import scipy  # `scipy.stats`, slow to import, loads when it is used
from scipy import special

from ogan_bench.statistics.means import Interval


def rate_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Success rate in n trials with its Clopper-Pearson interval.

    The lower bound is the rate at which this many successes or more have probability
    ``(1 - confidence) / 2``, the upper bound the rate at which this many or fewer have it. The
    coverage is at least the confidence.

    Args:
        successes: Number of successes.
        n: Number of trials.
        confidence: Probability that the interval covers the true rate, at least.

    Returns:
        ``successes / n`` and its bounds; all nan for no trials.

    Raises:
        ValueError: Not ``0 <= successes <= n``.

    References:
        C. J. Clopper, E. S. Pearson, The use of confidence or fiducial limits illustrated in the
            case of the binomial, 1934.
    """
    _check(successes, n)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    bounds = scipy.stats.binomtest(successes, n).proportion_ci(confidence, method="exact")
    return Interval(successes / n, float(bounds.low), float(bounds.high))


def rate_within(successes: int, n: int, low: float, high: float) -> float:
    """p-value of the claim "the rate lies between low and high, both included".

    The larger p-value of two exact one-sided binomial tests: that the rate is above ``low``, and
    that it is below ``high``. An end outside the open interval (0, 1) is no bound; without any
    bound the claim is always true and its p-value is 0.

    Returns:
        The p-value; nan for no trials.

    Raises:
        ValueError: No rate lies in the range, or not ``0 <= successes <= n``.
    """
    _check(successes, n, low, high)
    if n == 0:
        return math.nan
    tails = [_at_least(successes, n, low)] if low > 0 else []
    tails += [_at_most(successes, n, high)] if high < 1 else []
    return max(tails, default=0.0)


def rate_outside(successes: int, n: int, low: float, high: float) -> float:
    """p-value of the opposite claim to :func:`rate_within`; a small one refutes the range.

    The smaller p-value of the two opposite one-sided tests, times the number of tests.
    """
    _check(successes, n, low, high)
    if n == 0:
        return math.nan
    tails = [_at_most(successes, n, low)] if low > 0 else []
    tails += [_at_least(successes, n, high)] if high < 1 else []
    return min([1.0, *(len(tails) * tail for tail in tails)])


def _at_least(successes: int, n: int, rate: float) -> float:
    """P(X >= k) is the regularised incomplete beta function, ``I_rate(k, n - k + 1)``.

    ``scipy.stats.binomtest`` gives the same p-value, but is about 30 times slower; the power of
    a rate needs the p-value of every count.
    """
    return float(special.betainc(successes, n - successes + 1, rate)) if successes else 1.0


def _at_most(successes: int, n: int, rate: float) -> float:
    return float(special.betaincc(successes + 1, n - successes, rate)) if successes < n else 1.0


def _check(successes: int, n: int, low: float = 0.0, high: float = 1.0) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials")
    if not low <= high or low > 1 or high < 0:
        raise ValueError(f"no range of rates: from {low:g} to {high:g}")

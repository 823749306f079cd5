"""Rates: how often trials fail, and whether that is as claimed."""

from __future__ import annotations

import math

from scipy import special

from ogan_bench.statistics.means import Interval


def rate_interval(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Share of n trials with the interval of Clopper and Pearson.

    The bounds are the rates at which so many successes, or so few, are just as improbable as the
    confidence allows. It covers the true rate at least as often as it promises.

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
    tail = (1 - confidence) / 2
    failures = n - successes
    low = float(special.betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = float(special.betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0
    return Interval(successes / n, low, high)


def rate_within(successes: int, n: int, low: float, high: float) -> float:
    """p-value of the claim "the rate lies between low and high, both included".

    The larger of two exact one-sided binomial tests: so many successes at a rate of low, so few
    at a rate of high. An end outside of ]0, 1[ is no bound; with neither the claim says nothing and
    its p-value is 0.

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
    """p-value of the contrary of :func:`rate_within`; a small one refutes it.

    The smaller of the two contrary tests, doubled where there are two.
    """
    _check(successes, n, low, high)
    if n == 0:
        return math.nan
    tails = [_at_most(successes, n, low)] if low > 0 else []
    tails += [_at_least(successes, n, high)] if high < 1 else []
    return min([1.0, *(len(tails) * tail for tail in tails)])


def _at_least(successes: int, n: int, rate: float) -> float:
    """P(X >= k) is the regularised incomplete beta function, ``I_rate(k, n - k + 1)``."""
    return float(special.betainc(successes, n - successes + 1, rate)) if successes else 1.0


def _at_most(successes: int, n: int, rate: float) -> float:
    return float(special.betaincc(successes + 1, n - successes, rate)) if successes < n else 1.0


def _check(successes: int, n: int, low: float = 0.0, high: float = 1.0) -> None:
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes in {n} trials")
    if not low <= high or low > 1 or high < 0:
        raise ValueError(f"no range of rates: from {low:g} to {high:g}")

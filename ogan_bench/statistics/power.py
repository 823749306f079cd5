"""How likely a test is to support its claim, and how many seeds it takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import scipy  # `scipy.stats`, slow to import, loads when it is used
from scipy import optimize, special

from ogan_bench.statistics.binomial import rate_within
from ogan_bench.statistics.noncentral_t import spread
from ogan_bench.statistics.one_sided_tests import Test


def power(
    test: Test,
    *,
    n: int,
    difference: float,
    sd: float,
    margin: float = 0.0,
    alpha: float = 0.05,
    sd_control: float | None = None,
    correlation: float | None = None,
    paired: bool = False,
    sides: Literal[1, 2] = 1,
) -> float:
    """Probability that a claim about two arms is supported, if the values are normal.

    The advantage is estimated with the standard error e and f degrees of freedom. A bound at
    distance a is passed if ``(a + e Z) / (e S) > t(1 - alpha, f)``, with Z standard normal and
    ``S² = χ²_f / f``; given S this is a normal probability, and it is averaged over S. With one
    bound it is the noncentral t distribution, with two (equivalence) both have to be passed.

    * Not paired: ``e² = (sd² + sd_control²) / n`` and Welch's f of the true standard deviations.
      With equal ones this is the power of Student's test, which Welch's comes close to.
    * Paired: ``e² = (sd² + sd_control² - 2 correlation sd sd_control) / n``, ``f = n - 1``; exact.

    Args:
        test: The claim.
        n: Seeds of each arm.
        difference: True advantage of the arm, positive where it is better.
        sd: True standard deviation of the arm.
        margin: At least 0, in the same unit.
        alpha: Level of the test.
        sd_control: That of the control; None for that of the arm. With a margin m that is a share
            of the control's mean, the control is scaled by ``1 ± m``, and so is this.
        correlation: Between the arms over seeds, for a paired test; None for 0, the conservative
            assumption.
        paired: Whether the test is paired.
        sides: For superiority; 2 halves alpha.

    Returns:
        The power; nan for fewer than 2 seeds or where an assumption is nan. Without any variance
        it is 0 or 1.

    References:
        D. B. Owen, A special case of a bivariate non-central t-distribution, Biometrika 52, 1965.
        K. F. Phillips, Power of the two one-sided tests procedure in bioequivalence, 1990.
    """
    other = sd if sd_control is None else sd_control
    if n < 2:
        return math.nan
    if paired:
        shared = 2 * (correlation or 0.0) * sd * other
        variance, freedom = max(sd**2 + other**2 - shared, 0.0), n - 1.0
    else:
        variance = sd**2 + other**2
        fourth = sd**4 + other**4
        freedom = (n - 1) * variance**2 / fourth if fourth else 2.0 * (n - 1)
    error = math.sqrt(variance / n)
    if test == "equivalence":
        return _passes(difference + margin, margin - difference, error, freedom, alpha)
    if test == "non_inferiority":
        return _passes(difference + margin, math.inf, error, freedom, alpha)
    return _passes(difference - margin, math.inf, error, freedom, alpha / sides)


def detectable_difference(
    *,
    n: int,
    sd: float,
    alpha: float,
    sd_control: float | None = None,
    correlation: float | None = None,
    paired: bool = False,
    sides: Literal[1, 2] = 1,
    target: float = 0.8,
) -> float:
    """The true difference that a test of superiority detects with the target power.

    Args:
        n: Seeds of each arm.
        sd: True standard deviation of the arm.
        alpha: Level of the test.
        sd_control: As for :func:`power`.
        correlation: As for :func:`power`.
        paired: Whether the test is paired.
        sides: 2 halves alpha.
        target: The power.

    Returns:
        The difference, positive, in the unit of the values; nan for fewer than 2 seeds.
    """

    def lack(difference: float) -> float:
        return target - power(
            "superiority", n=n, difference=difference, sd=sd, alpha=alpha, sides=sides,
            sd_control=sd_control, correlation=correlation, paired=paired,
        )  # fmt: skip

    if math.isnan(lack(0.0)):
        return math.nan
    most = max(sd, 0.0 if sd_control is None else sd_control)
    if most == 0 or lack(1e-9 * most) <= 0:
        return 0.0
    while lack(most) > 0:
        most *= 2
    return float(optimize.brentq(lack, 0.0, most, rtol=1e-6))


def power_of_mean(
    n: int, mean: float, sd: float, low: float, high: float, alpha: float = 0.05
) -> float:
    """Probability that "the mean lies between low and high" is supported; exact for normal values.

    Args:
        n: Seeds.
        mean: True mean.
        sd: True standard deviation.
        low: Lower end of the range; minus infinity is no bound.
        high: Upper end; infinity is no bound.
        alpha: Level of the test.

    Returns:
        The power; nan for fewer than 2 seeds or where an assumption is nan.
    """
    if n < 2:
        return math.nan
    return _passes(mean - low, high - mean, sd / math.sqrt(n), n - 1.0, alpha)


def power_of_rate(n: int, rate: float, low: float, high: float, alpha: float = 0.05) -> float:
    """Probability that "the rate lies between low and high" is supported; exact.

    The sum of the binomial probabilities of all counts with ``rate_within < alpha``.

    Returns:
        The power; nan for no trials or where the rate is nan.
    """
    if n < 1 or math.isnan(rate):
        return math.nan
    counts = [k for k in range(n + 1) if rate_within(k, n, low, high) < alpha]
    return float(np.sum(scipy.stats.binom.pmf(counts, n, rate))) if counts else 0.0


def seeds_needed(
    power_at: Callable[[int], float], target: float = 0.8, *, most: int = 1000
) -> int | None:
    """Seeds per arm at which the power reaches the target.

    The power is assumed to increase with n: n is doubled until the target is reached, then
    bisected. The power of a rate is a sawtooth in n; there the result is sufficient, but may not
    be the smallest.

    Args:
        power_at: Power as a function of n.
        target: Power to reach.
        most: Largest n to consider; the smallest is 2.

    Returns:
        The number, or None where ``most`` seeds do not reach the target or the power is nan.

    >>> seeds_needed(lambda n: n / 100, 0.8)
    80
    """
    low, high = 1, 2
    while not power_at(high) >= target:
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        if power_at(middle) >= target:
            high = middle
        else:
            low = middle
    return high


def _passes(below: float, above: float, error: float, freedom: float, alpha: float) -> float:
    """Probability of passing the bounds at distance ``below`` downwards and ``above`` upwards."""
    if math.isnan(below + error) or math.isnan(above):
        return math.nan
    if error == 0:
        return float(below > 0 and above > 0)
    s, weights = spread(freedom)
    critical = float(special.stdtrit(freedom, 1 - alpha)) * s
    passing = special.ndtr(above / error - critical) - special.ndtr(critical - below / error)
    return float(weights @ np.maximum(passing, 0.0))

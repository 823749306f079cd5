"""How likely a test is to support its claim, and how many seeds it takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import scipy  # `scipy.stats`, slow to import, loads when it is used
from numpy.typing import NDArray
from scipy import optimize, special

from ogan_bench.statistics.binomial import rate_within
from ogan_bench.statistics.crossed import CrossedSpread
from ogan_bench.statistics.noncentral_t import spread
from ogan_bench.statistics.one_sided_tests import Test


def power(
    test: Test,
    *,
    n: int,
    difference: float,
    sd: float = math.nan,
    margin: float = 0.0,
    alpha: float = 0.05,
    sd_control: float | None = None,
    correlation: float | None = None,
    paired: bool = False,
    crossed: CrossedSpread | None = None,
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
    * Paired, in the classifiers of an ensemble: e² from the components of the paired differences,
      S and f as :func:`~ogan_bench.statistics.crossed.crossed_mean` estimates them, simulated.

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
        crossed: Components of the differences of a test over seeds and classifiers, in the place of
            the standard deviations; with a margin that is a share, of the differences to the scaled
            control.
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
    if crossed is not None:
        error = _over_classifiers(crossed, n)
    elif paired:
        shared = 2 * (correlation or 0.0) * sd * other
        variance = max(sd**2 + other**2 - shared, 0.0)
        error = _over_seeds(math.sqrt(variance / n), n - 1.0)
    else:
        variance = sd**2 + other**2
        fourth = sd**4 + other**4
        freedom = (n - 1) * variance**2 / fourth if fourth else 2.0 * (n - 1)
        error = _over_seeds(math.sqrt(variance / n), freedom)
    if test == "equivalence":
        return _passes(difference + margin, margin - difference, error, alpha)
    if test == "non_inferiority":
        return _passes(difference + margin, math.inf, error, alpha)
    return _passes(difference - margin, math.inf, error, alpha / sides)


def detectable_difference(
    *,
    n: int,
    alpha: float,
    sd: float = math.nan,
    sd_control: float | None = None,
    correlation: float | None = None,
    paired: bool = False,
    crossed: CrossedSpread | None = None,
    sides: Literal[1, 2] = 1,
    target: float = 0.8,
) -> float:
    """The true difference that a test of superiority detects with the target power.

    Args:
        n: Seeds of each arm.
        alpha: Level of the test.
        sd: True standard deviation of the arm.
        sd_control: As for :func:`power`.
        correlation: As for :func:`power`.
        paired: Whether the test is paired.
        crossed: As for :func:`power`.
        sides: 2 halves alpha.
        target: The power.

    Returns:
        The difference, positive, in the unit of the values; nan for fewer than 2 seeds.
    """

    def lack(difference: float) -> float:
        return target - power(
            "superiority", n=n, difference=difference, sd=sd, alpha=alpha, sides=sides,
            sd_control=sd_control, correlation=correlation, paired=paired, crossed=crossed,
        )  # fmt: skip

    if math.isnan(lack(0.0)):
        return math.nan
    most = max(sd, 0.0 if sd_control is None else sd_control)
    if crossed is not None:
        most = crossed.error(n)
    if most == 0 or lack(1e-9 * most) <= 0:
        return 0.0
    while lack(most) > 0:
        most *= 2
    return float(optimize.brentq(lack, 0.0, most, rtol=1e-6))


def power_of_mean(
    n: int, mean: float, sd: float | CrossedSpread, low: float, high: float, alpha: float = 0.05
) -> float:
    """Probability that "the mean lies between low and high" is supported; exact for normal values.

    Args:
        n: Seeds.
        mean: True mean.
        sd: True standard deviation; of values in the classifiers of an ensemble their components.
        low: Lower end of the range; minus infinity is no bound.
        high: Upper end; infinity is no bound.
        alpha: Level of the test.

    Returns:
        The power; nan for fewer than 2 seeds or where an assumption is nan.
    """
    if n < 2:
        return math.nan
    if isinstance(sd, CrossedSpread):
        error = _over_classifiers(sd, n)
    else:
        error = _over_seeds(sd / math.sqrt(n), n - 1.0)
    return _passes(mean - low, high - mean, error, alpha)


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


class _Error(NamedTuple):
    """A standard error, and what a study may estimate it as.

    Args:
        true: Standard deviation of the estimated difference.
        estimates: Standard errors that a study may find, shape (k,).
        freedom: Degrees of freedom that it takes with them.
        weights: Their probabilities; None for equal ones.
    """

    true: float
    estimates: NDArray[np.float64]
    freedom: float | NDArray[np.float64]
    weights: NDArray[np.float64] | None


def _over_seeds(error: float, freedom: float) -> _Error:
    s, weights = spread(freedom)
    return _Error(error, error * s, freedom, weights)


def _over_classifiers(crossed: CrossedSpread, n: int) -> _Error:
    return _Error(crossed.error(n), *crossed.estimates(n), None)


def _passes(below: float, above: float, error: _Error, alpha: float) -> float:
    """Probability of passing the bounds at distance ``below`` downwards and ``above`` upwards."""
    if math.isnan(below + error.true) or math.isnan(above):
        return math.nan
    if error.true == 0:
        return float(below > 0 and above > 0)
    critical = special.stdtrit(error.freedom, 1 - alpha) * error.estimates / error.true
    passing = special.ndtr(above / error.true - critical) - special.ndtr(
        critical - below / error.true
    )
    return float(np.average(np.maximum(passing, 0.0), weights=error.weights))

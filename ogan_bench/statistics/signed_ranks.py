"""Exact signed-rank tests: for pairs with failed trainings, and where values are few."""

from __future__ import annotations

import bisect
import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ogan_bench.metrics import Direction
from ogan_bench.statistics.means import Interval, Sides
from ogan_bench.statistics.samples import ROUNDING, Sample, by_trial

_EQUAL = 1e-9
"""Difference relative to the largest one below which two differences are tied."""


def signed_rank_sides(differences: Sample, bound: float = 0.0) -> Sides:
    """Wilcoxon's signed-rank test of "the differences lie above the bound" and of "below it".

    The null hypothesis is that each ``d_i``, the difference less the bound, is as likely as its
    negative; without a bound this holds whenever both arms have the same distribution, whatever
    that is and however they are correlated. With the ranks r_i of ``|d_i|``, the p-value is the
    share of all ``2^n`` choices of signs with ``Σ_{d_i > 0} r_i`` at least as large as observed.
    So no p-value is below ``2^-n``.

    Ties are broken against the claim, and a d_i of 0 counts against it. So the level is kept, and
    a difference that grows never makes "above" less likely; with average ranks it may, because they
    change the distribution under the null hypothesis too.

    Args:
        differences: Shape (n,), possibly infinite.
        bound: In their unit.

    Returns:
        The p-values; nan for fewer than 2 differences.

    References:
        F. Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1, 1945.
    """
    d = np.asarray(differences, dtype=np.float64) - bound
    if d.size < 2:
        return Sides(math.nan, math.nan)
    size = max(float(np.abs(d[np.isfinite(d)]).max(initial=0.0)), abs(bound))
    if size > 0:  # differences that are equal but for rounding are ties
        d = np.rint(d / (size * _EQUAL))
    return Sides(_tail(d), _tail(-d))


def _tail(d: NDArray[np.float64]) -> float:
    """p-value of "the differences lie above 0"."""
    positive = d > 0
    order = np.lexsort((~positive, np.abs(d)))  # of equal sizes, the positive ones first
    rank_sum = int((np.flatnonzero(positive[order]) + 1).sum())
    up = 1 + ROUNDING  # a p-value of exactly alpha must not fall below it
    return min(1.0, up * float(_distribution(d.size)[rank_sum:].sum()))


def signed_rank_interval(differences: Sample, confidence: float = 0.95) -> Interval:
    """The pseudo-median with the interval of all shifts that the signed-rank test does not reject.

    The estimate is Hodges and Lehmann's, the median of all averages ``(d_i + d_j) / 2``, i ≤ j. A
    bound is infinite where no shift is rejected on its side, as at 95 % with fewer than 6 values.

    Args:
        differences: Shape (n,), possibly infinite.
        confidence: Confidence level.

    Returns:
        The estimate and its bounds; nan for no differences.

    References:
        J. L. Hodges, E. L. Lehmann, Estimates of location based on rank tests, 1963.
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.size == 0:
        return Interval(math.nan, math.nan, math.nan)
    rows, columns = np.triu_indices(d.size)
    with np.errstate(invalid="ignore"):  # a failure of each arm has no average
        averages = (d[rows] + d[columns]) / 2
    averages = averages[~np.isnan(averages)]
    alpha = (1 - confidence) / 2
    return Interval(
        float(np.median(averages)) if averages.size else math.nan,
        _lower_bound(d, alpha),
        -_lower_bound(-d, alpha),
    )


def _lower_bound(d: NDArray[np.float64], alpha: float) -> float:
    """The shift below which "d lies above the shift" is significant at alpha.

    The p-value never falls as the shift grows, and changes only at averages of two differences.
    """
    known = d[np.isfinite(d)]
    rows, columns = np.triu_indices(known.size)
    edges = np.unique((known[rows] + known[columns]) / 2)
    if edges.size == 0:
        return math.inf if signed_rank_sides(d).above < alpha else -math.inf
    between = [edges[0] - 1, *(edges[1:] + edges[:-1]) / 2, edges[-1] + 1]
    passed = bisect.bisect_left(
        between, True, key=lambda shift: not signed_rank_sides(d, shift).above < alpha
    )
    return float([-math.inf, *edges, math.inf][passed])


@lru_cache(maxsize=128)
def _distribution(n: int) -> NDArray[np.float64]:
    """Probability of each sum of the ranks 1 to n whose sign is positive."""
    chances = np.ones(1)
    for rank in range(1, n + 1):
        grown = np.zeros(chances.size + rank)
        grown[: chances.size] += chances / 2
        grown[rank:] += chances / 2
        chances = grown
    return chances


def paired_advantages(
    arm: Sample, control: Sample, *, better: Direction, relative: bool = False
) -> NDArray[np.float64]:
    """By how much the arm is better than its control at each seed.

    Args:
        arm: Shape (n,) or (n, C); nan for a training that failed, which is worse than any value.
        control: The same, in the same order of seeds.
        better: Direction of the metric.
        relative: Whether in shares of the control's absolute value at the same seed, not in the
            unit of the values.

    Returns:
        Shape (n,): infinite where one of the two failed, 0 where both did.
    """
    sign = 1 if better == "higher" else -1
    own, other = (_mean_over_classifiers(values) for values in (arm, control))
    advantages = sign * (own - other)
    advantages[np.abs(advantages) <= ROUNDING * np.abs(other)] = 0.0
    if relative:
        with np.errstate(divide="ignore", invalid="ignore"):
            advantages = np.where(advantages == 0, 0.0, advantages / np.abs(other))
    failed, failed_other = np.isnan(own), np.isnan(other)
    advantages[failed & ~failed_other] = -math.inf
    advantages[failed_other & ~failed] = math.inf
    advantages[failed & failed_other] = 0.0
    return advantages


def _mean_over_classifiers(values: Sample) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    return x if x.ndim == 1 else x.mean(1)


def few_values(*samples: Sample) -> bool:
    """Whether values are counts, or so few that a t test would take chance for certainty.

    They are if all are whole numbers, or if at most half of them, of all samples together, are
    distinct.
    """
    x = np.concatenate([by_trial(sample) for sample in samples])
    return bool(x.size and ((x == np.rint(x)).all() or 2 * np.unique(x).size <= x.size))

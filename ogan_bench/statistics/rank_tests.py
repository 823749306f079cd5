"""Rank-based comparisons, in which a failed trial ranks worst."""

from __future__ import annotations

import math

import numpy as np
import scipy  # `scipy.stats`, slow to import, loads when it is used
from numpy.typing import NDArray

from ogan_bench.metrics import Direction
from ogan_bench.statistics.samples import Sample, finite

_EXACT = 60
"""Total trials of both arms up to which the rank-sum distribution is computed exactly."""


def probability_of_improvement(
    arm: Sample, control: Sample, *, better: Direction, failed: tuple[int, int] = (0, 0)
) -> float:
    """Share of pairs (one trial of each) in which the arm is better; ties count one half.

    ``U / (n m)`` with the Mann-Whitney statistic U.

    Args:
        arm: Values of the arm.
        control: Values of the control.
        better: Direction of the metric.
        failed: Trials of the arm and of the control that failed and so have no value. They are
            worse than every value, and tied among themselves.

    Returns:
        The share; nan if either has no trials.

    References:
        R. Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice,
            2021, arXiv 2108.13264.
    """
    own, other = _goodness(arm, better, failed[0]), _goodness(control, better, failed[1])
    if own.size == 0 or other.size == 0:
        return math.nan
    wins = np.greater.outer(own, other) + 0.5 * np.equal.outer(own, other)
    return float(wins.mean())


def rank_test(
    arm: Sample, control: Sample, *, better: Direction, failed: tuple[int, int] = (0, 0)
) -> float:
    """p-value of the claim "the arm is better", by the Mann-Whitney (Wilcoxon rank-sum) test.

    The null hypothesis is that all trials come from one distribution. With ties or without, the
    p-value is exact up to 60 trials: the share of all ways to choose the arm's trials among all
    whose sum of (average) ranks is at least the observed one. Beyond that, it is
    the normal approximation with the variance corrected for ties.

    Args:
        arm: Values of the arm.
        control: Values of the control.
        better: Direction of the metric.
        failed: Trials of the arm and of the control that failed; they rank worst.

    Returns:
        The one-sided p-value; nan if either has no trials.

    References:
        H. B. Mann, D. R. Whitney, On a test of whether one of two random variables is
            stochastically larger than the other, 1947.
    """
    own, other = _goodness(arm, better, failed[0]), _goodness(control, better, failed[1])
    if own.size == 0 or other.size == 0:
        return math.nan
    ranks = scipy.stats.rankdata(np.concatenate([own, other]))
    if ranks.size <= _EXACT:
        return _rank_sum_tail(np.rint(2 * ranks).astype(np.int64), own.size)
    if np.ptp(ranks) == 0:
        return 1.0
    return float(
        scipy.stats.mannwhitneyu(
            ranks[: own.size], ranks[own.size :], alternative="greater", method="asymptotic"
        ).pvalue
    )


def _rank_sum_tail(ranks: NDArray[np.int64], n: int) -> float:
    """Share of all subsets of size n whose sum is at least that of the first n.

    ``counts[k, s]`` is the number of subsets of size k with the sum s of the ranks so far.
    """
    counts = np.zeros((n + 1, int(ranks.sum()) + 1))
    counts[0, 0] = 1
    for rank in ranks:
        counts[1:, rank:] += counts[:-1, :-rank].copy()
    return float(counts[n, ranks[:n].sum() :].sum() / counts[n].sum())


def _goodness(values: Sample, better: Direction, failed: int) -> NDArray[np.float64]:
    """Values such that higher is better, the failed trials below all."""
    sign = 1 if better == "higher" else -1
    return np.concatenate([sign * finite(values), np.full(failed, -math.inf)])

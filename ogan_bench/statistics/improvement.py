"""The probability that a trial of one arm is better than one of another."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ogan_bench.metrics import Direction
from ogan_bench.statistics.samples import Sample, finite


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


def _goodness(values: Sample, better: Direction, failed: int) -> NDArray[np.float64]:
    """Values such that higher is better, the failed trials below all."""
    sign = 1 if better == "higher" else -1
    return np.concatenate([sign * finite(values), np.full(failed, -math.inf)])

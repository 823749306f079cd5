"""The result of testing one hypothesis of any kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ogan_bench.statistics import Interval

_UNKNOWN = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class HypothesisResult:
    """The result of testing one hypothesis.

    Args:
        arms: The arms involved, the control last.
        n: Number of values for each.
        quantity: What is estimated, in words.
        estimate: The estimate with its interval at the confidence level that matches the test.
        region: Where the claim holds, in the unit of the estimate.
        method: Name of the test.
        p: p-value of the claim.
        p_opposite: p-value of its opposite.
        facts: The numbers, as sentence fragments.
        lacking: Which values are missing and why, as sentence fragments.
        power_at: Probability that a study of n seeds at an error level is decided, supported or
            refuted, if the estimates are true; nan if unknown.
        effect: Hedges' g with its 95 % interval, for two arms.
        probability_of_improvement: Share of pairs of trials in which the arm is better than its
            control.
        correlation: Between arm and control over seeds, if the test is paired.
    """

    arms: tuple[str, ...]
    n: tuple[int, ...]
    quantity: str
    estimate: Interval
    region: tuple[float, float]
    method: str
    p: float
    p_opposite: float
    facts: tuple[str, ...]
    power_at: Callable[[int, float], float]
    lacking: tuple[str, ...] = ()
    effect: Interval = _UNKNOWN
    probability_of_improvement: float = math.nan
    correlation: float = math.nan


def no_power(n: int, alpha: float) -> float:
    """The power if it is unknown: nan."""
    del n, alpha
    return math.nan

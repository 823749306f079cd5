"""What the test of one hypothesis found, whatever its kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ogan_bench.statistics import Interval

_UNKNOWN = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class HypothesisResult:
    """What the test of one hypothesis found.

    Args:
        arms: Arms that it is about, the control last.
        n: Number of values of each.
        quantity: What is estimated, in words.
        estimate: The estimate with its interval at the confidence that goes with the test.
        region: Where the claim holds, in the unit of the estimate.
        method: Name of the test.
        p: p-value of the claim.
        p_opposite: p-value of its opposite.
        facts: The numbers in parts of a sentence.
        lacking: Which values the arms lack and why, in parts of a sentence.
        power_at: Probability that a study of n seeds at an error level is decided, supported or
            refuted, if the estimates are true; nan where it is not known.
        effect: Hedges' g with its 95 % interval, of two arms.
        probability_of_improvement: Share of pairs of trials in which the arm is better than its
            control.
        correlation: Of arm and control over seeds, where the test is paired.
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
    """The power where it is not known."""
    del n, alpha
    return math.nan

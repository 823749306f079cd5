"""The result of testing one hypothesis of any kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ogan_bench.analysis.p_values import Significance
from ogan_bench.statistics import Interval

_UNKNOWN = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class HypothesisResult:
    """The result of testing one hypothesis.

    Args:
        arms: The arms involved, the control last.
        n: Number of values for each.
        quantity: What is estimated, in words.
        estimate: The estimate with its interval.
        confidence: Its confidence level, which matches the test: not adjusted, the claim is
            significant at alpha exactly if the interval lies in the region; only about so of an
            association, and of shares of the control by pairs in an ensemble.
        region: Where the claim holds, in the unit of the estimate.
        method: Name of the test.
        significance: The p-values.
        facts: The numbers, as sentence fragments.
        unit: Of the estimate, to be put behind it; empty for the metric's own.
        lacking: Which values are missing and why, as sentence fragments.
        power_at: Probability that a study of n seeds at an error level is decided, supported or
            refuted, if the estimates are true; nan if unknown.
        detectable: The true difference that n seeds detect at an error level with 80 % power, in
            the unit of the estimate; nan if unknown.
        effect: Hedges' g with its 95 % interval, for two arms.
        better_pairs: Number of pairs of a trial of the arm and one of its control, failed ones
            included, in which the arm is better; ties count one half. nan without pairs.
        pairs: Number of all such pairs.
        correlation: Between arm and control over seeds, if the test is paired.
    """

    arms: tuple[str, ...]
    n: tuple[int, ...]
    quantity: str
    estimate: Interval
    confidence: float
    region: tuple[float, float]
    method: str
    significance: Significance
    facts: tuple[str, ...]
    power_at: Callable[[int, float], float]
    detectable: Callable[[int, float], float]
    unit: str = ""
    lacking: tuple[str, ...] = ()
    effect: Interval = _UNKNOWN
    better_pairs: float = math.nan
    pairs: int = 0
    correlation: float = math.nan


def unknown_power(n: int, alpha: float) -> float:
    """Power or detectable difference where it is unknown: nan."""
    del n, alpha
    return math.nan

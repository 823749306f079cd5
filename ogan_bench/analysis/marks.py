"""Which arms a table marks; every mark is adjusted for the number of arms, per metric."""

from __future__ import annotations

import math
from itertools import takewhile

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.results import StudyResults
from ogan_bench.metrics import Direction
from ogan_bench.statistics import Method, holm, superiority
from ogan_bench.store.outcomes import FAILURES

LEVEL = 0.05

BOLD = (
    f"Bold: better than every other arm, two-sided p < {LEVEL} each after Holm's adjustment over "
    "the other arms, per metric; never an arm with a failed trial or a degenerate value."
)
BETTER = (
    f"“Better” and “worse”: two-sided p < {LEVEL} after Holm's adjustment over the arms, per "
    "metric; no mark where a trial failed or a value is degenerate."
)


def leader(results: StudyResults, metric: str) -> str | None:
    """The arm that is better than every other one, if there is one; see :data:`BOLD`.

    The tests are those of :func:`~ogan_bench.statistics.superiority`, paired where
    :meth:`StudyResults.pairs` says so.
    """
    better, arms = metric_info(metric).better, results.arms
    if better is None or len(arms) < 2 or results.comparable(arms[0]) != arms:
        return None
    for arm in (arm for arm in arms if _is_sound(results, arm, metric)):
        tests = (_p_better(results, arm, other, metric, better) for other in arms if other != arm)
        found = list(takewhile(lambda p: p < LEVEL, tests))  # most arms fail at once
        if len(found) == len(arms) - 1 and holm(found).max() < LEVEL:
            return arm
    return None


def better_or_worse(results: StudyResults, metric: str, control: str) -> dict[str, bool | None]:
    """Arm to whether it is better than a control (or worse: False), if either is significant.

    All arms but the control; see :data:`BETTER`.
    """
    better = metric_info(metric).better
    others = [arm for arm in results.arms if arm != control]
    tested = [
        arm
        for arm in others
        if arm in results.comparable(control)
        and all(_is_sound(results, name, metric) for name in (arm, control))
    ]
    marks: dict[str, bool | None] = dict.fromkeys(others)
    if better is None or not tested:
        return marks
    sides = [
        (
            _p_better(results, arm, control, metric, better),
            _p_better(results, control, arm, metric, better),
        )
        for arm in tested
    ]
    adjusted = holm([math.nan if math.isnan(side[0]) else min(side) for side in sides])
    for arm, side, p in zip(tested, sides, adjusted, strict=True):
        if p < LEVEL:
            marks[arm] = side[0] < side[1]
    return marks


def _is_sound(results: StudyResults, arm: str, metric: str) -> bool:
    """Whether none of an arm's trainings failed and none of its values is degenerate."""
    failed = any(row["arm"] == arm and row["outcome"] in FAILURES for row in results.planned)
    return not failed and not any(row["degenerate"] for row in results.measurements(metric, arm))


def _p_better(results: StudyResults, arm: str, other: str, metric: str, better: Direction) -> float:
    own, others, paired = results.pairs(arm, other, metric)
    by: Method = "paired" if paired else "welch"
    return superiority(own, others, better=better, by=by, sides=2).claim

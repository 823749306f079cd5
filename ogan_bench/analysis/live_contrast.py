"""When a study can say nothing: a scale for tests, failed trainings, limits, a margin too fine."""

from __future__ import annotations

import math

import numpy as np

from ogan_bench.analysis.formatting import number
from ogan_bench.analysis.missing_values import TRAINED, outcomes_of
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.trial_rows import COSTS
from ogan_bench.store.outcomes import FAILURES
from ogan_bench.study.hypotheses import Comparison, Hypothesis, Trend

SMOKE = "smoke"
"""The scale that tests that a study runs; it trains for too few steps to say anything."""

RESOLUTION = 2.0
"""Standard errors of a difference from finite samples that a margin must exceed."""


def uninformative(results: StudyResults, hypothesis: Hypothesis) -> str | None:
    """Why the data cannot decide a hypothesis whatever its p-value, if so.

    Nothing is decided at the scale :data:`SMOKE`. Else, an arm *fails* where more than half of its
    trainings fail, by the rules of :mod:`~ogan_bench.store.outcomes`; it is *at a limit* where
    more than half of its values are no better than chance, or as good as a perfect model's finite
    samples.

    * An arm that the hypothesis says has to work fails.
    * Superiority, and each step of a trend: both arms fail, or both are at a limit.
    * Non-inferiority and equivalence: the control fails or is at chance, so that anything is as
      good; or both are at a limit.
    * The margin is below :data:`RESOLUTION` standard errors of the difference that come from the
      finite samples alone.

    Costs of training, and rates of failure, say something about any arm.
    """
    if results.record.get("scale") == SMOKE:
        return f"the scale {SMOKE} tests only that the study runs"
    if not isinstance(hypothesis, Comparison | Trend):
        return None
    for arm in hypothesis.where_works:
        if _fails(results, arm):
            return f"{results.arm_title(arm)} does not work: {_failures(results, arm)}"
    if hypothesis.metric in COSTS:
        return None
    if isinstance(hypothesis, Trend):
        return _order(results, hypothesis)
    arm, control, metric = hypothesis.arm, hypothesis.control, hypothesis.metric
    if hypothesis.test != "superiority":
        title = results.arm_title(control)
        if _fails(results, control):
            return f"the control fails: {title}, {_failures(results, control)}"
        if _limit(results, control, metric) == "chance":
            return f"the control, {title}, is no better than chance"
    dead = _dead(results, arm, control, metric)
    return dead or _too_fine(results, hypothesis)


def _order(results: StudyResults, hypothesis: Trend) -> str | None:
    if hypothesis.test == "association":
        if all(_fails(results, arm) for arm in hypothesis.arms):
            return "all arms fail"
        return None
    for control, arm in zip(hypothesis.arms, hypothesis.arms[1:], strict=False):
        dead = _dead(results, arm, control, hypothesis.metric)
        if dead is not None:
            return dead
    return None


def _dead(results: StudyResults, arm: str, control: str, metric: str) -> str | None:
    """Why the contrast of two arms is not live, if so."""
    names = " and ".join(results.arm_title(name) for name in (arm, control))
    if _fails(results, arm) and _fails(results, control):
        counts = " and ".join(_failures(results, name) for name in (arm, control))
        return f"both arms fail: {names}, {counts}"
    limits = {_limit(results, name, metric) for name in (arm, control)}
    if limits == {"chance"}:
        return f"both arms, {names}, are no better than chance"
    if limits == {"floor"}:
        return f"both arms, {names}, are at the floor: as good as a perfect model's finite samples"
    return None


def _fails(results: StudyResults, arm: str) -> bool:
    ended = _ended(results, arm)
    return 2 * sum(outcome in FAILURES for outcome in ended) > len(ended)


def _failures(results: StudyResults, arm: str) -> str:
    """``5 of 5 trials collapsed``."""
    ended = _ended(results, arm)
    kinds = [kind for kind in FAILURES if kind in ended]
    failed = sum(ended.count(kind) for kind in kinds)
    return f"{failed} of {len(ended)} trials {' or '.join(kinds)}"


def _ended(results: StudyResults, arm: str) -> list[str]:
    return [outcome for outcome in outcomes_of(results, arm).values() if outcome in TRAINED]


def _limit(results: StudyResults, arm: str, metric: str) -> str | None:
    """``chance`` or ``floor`` where more than half of the arm's values are there."""
    marks = [row["degenerate"] for row in results.measurements(metric, arm)]
    return next(
        (kind for kind in ("chance", "floor") if 2 * marks.count(kind) > len(marks) > 0), None
    )


def _too_fine(results: StudyResults, hypothesis: Comparison) -> str | None:
    """Why the metric cannot resolve the margin at its number of samples, if so."""
    margin = hypothesis.margin
    if margin is None:
        return None
    squares = []
    for arm in (hypothesis.arm, hypothesis.control):
        rows = results.measurements(hypothesis.metric, arm)
        errors = [row["error"] for row in rows if row["error"] is not None]
        known = [error for error in errors if math.isfinite(error)]
        if not known or len(known) < len(rows):
            return None
        squares.append(float(np.mean(np.square(known))) / len(known))
    size = margin.value
    if margin.relative:
        size *= abs(float(np.mean(results.values(hypothesis.control, hypothesis.metric))))
    error = math.sqrt(sum(squares))
    if size >= RESOLUTION * error:
        return None
    return (
        f"the metric cannot resolve the margin: {number(size, '.2g')} is less than "
        f"{RESOLUTION:g} standard errors from finite samples ({number(error, '.2g')} each); "
        "more images are needed, not more seeds"
    )

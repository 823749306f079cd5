"""p-values of a hypothesis from its evidence, by the rules of docs/verdicts.md."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

import ogan_bench.statistics as statistics
from ogan_bench.analysis.evidence import Evidence
from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.members import Values
from ogan_bench.metrics import Direction
from ogan_bench.statistics import PValues
from ogan_bench.study.hypotheses import (
    Comparison,
    FailureRate,
    Hypothesis,
    Margin,
    MeanInRange,
    Trend,
)

How = Literal["paired", "welch", "signed_ranks", "none"]


@dataclass(frozen=True)
class Significance:
    """The result of testing one hypothesis, before any adjustment.

    Args:
        claim: p-value of the claim.
        opposite: p-value of its opposite.
        equivalent: For superiority by a margin: p-value of "the arms differ by less than it".
        how: The test of two arms, where the hypothesis is about such.
        n: Seeds, of each arm if they are not paired.
    """

    claim: float
    opposite: float
    equivalent: float
    how: How
    n: tuple[int, ...]


def p_values_of(
    hypothesis: Hypothesis, evidence: Evidence, *, pairing: bool = True
) -> Significance:
    """Test a hypothesis.

    Args:
        hypothesis: The claim.
        evidence: The values of its arms.
        pairing: False for Welch's t test in the place of the paired one.
    """
    return _TESTS[hypothesis.test](hypothesis, evidence, pairing)


@dataclass(frozen=True)
class Pair:
    """Two arms as they are compared.

    Args:
        own: Values of the arm, shape (n,) or (n, C); nan where the training failed.
        other: Those of the control.
        how: The test; ``none``: there are too few values.
    """

    own: Values
    other: Values
    how: How


def compared(evidence: Evidence, arm: str, control: str, *, pairing: bool = True) -> Pair:
    """The values of two arms and how they are compared.

    On common seeds: by a paired t test; by signed ranks where a training failed and has no value,
    where values are counts or few, and where the difference is the same at every seed. With fewer
    than two common seeds by Welch's t test, if no training failed.
    """
    own, other = evidence.common([arm, control])
    if len(own) < 2:
        own, other = evidence.known(arm), evidence.known(control)
        failed = bool(evidence.failed(arm) or evidence.failed(control))
        enough = len(own) > 1 and len(other) > 1
        few = enough and statistics.few_values(own, other)
        return Pair(own, other, "welch" if enough and not (failed or few) else "none")
    if np.isnan(own).any() or np.isnan(other).any() or statistics.few_values(own, other):
        return Pair(own, other, "signed_ranks")
    if not statistics.varies(own, other):
        return Pair(own, other, "signed_ranks")
    return Pair(own, other, "paired" if pairing else "welch")


def margin_of(margin: Margin | None) -> dict[str, Any]:
    """A margin as arguments of the tests."""
    value, relative = (margin.value, margin.relative) if margin else (0.0, False)
    return {"margin": value, "relative": relative}


def _comparison(hypothesis: Comparison, evidence: Evidence, pairing: bool) -> Significance:
    pair = compared(evidence, hypothesis.arm, hypothesis.control, pairing=pairing)
    n = len(pair.own), len(pair.other)
    if pair.how == "none":
        return Significance(math.nan, math.nan, math.nan, "none", n)
    asked: dict[str, Any] = {
        "better": _better(hypothesis.metric), "by": pair.how, **margin_of(hypothesis.margin)
    }  # fmt: skip
    equivalent = math.nan
    if hypothesis.test == "superiority":
        found = statistics.superiority(pair.own, pair.other, sides=hypothesis.sides, **asked)
        if hypothesis.margin is not None:
            equivalent = statistics.equivalence(pair.own, pair.other, **asked).claim
    elif hypothesis.test == "non_inferiority":
        found = statistics.non_inferiority(pair.own, pair.other, **asked)
    else:
        found = statistics.equivalence(pair.own, pair.other, **asked)
    return Significance(found.claim, found.opposite, equivalent, pair.how, n)


def _trend(hypothesis: Trend, evidence: Evidence, pairing: bool) -> Significance:
    """Each arm against the one before it: the claim needs all steps, its opposite one.

    An intersection-union test: the largest p-value of the steps. The opposite, that a step goes the
    other way, is a union: the smallest p-value times the number of steps.
    """
    steps = []
    for control, arm in zip(hypothesis.arms, hypothesis.arms[1:], strict=False):
        pair = compared(evidence, arm, control, pairing=pairing)
        steps.append((step_p_values(hypothesis, pair), pair))
    n = tuple(len(evidence.known(arm)) for arm in hypothesis.arms)
    ways = {pair.how for _, pair in steps}
    if "none" in ways:
        return Significance(math.nan, math.nan, math.nan, "none", n)
    return Significance(
        max(p.claim for p, _ in steps),
        min(1.0, len(steps) * min(p.opposite for p, _ in steps)),
        math.nan,
        ways.pop() if len(ways) == 1 else "signed_ranks",
        n,
    )


def step_p_values(hypothesis: Trend, pair: Pair) -> PValues:
    """p-values of one step of a trend: that the arm is better than the one before it."""
    if pair.how == "none":
        return PValues(math.nan, math.nan)
    return statistics.superiority(
        pair.own, pair.other, better=_better(hypothesis.metric), sides=hypothesis.sides,
        by=pair.how,
    )  # fmt: skip


def blocks(evidence: Evidence, arms: list[str]) -> Values:
    """Values by seed and arm, shape (seeds, arms), at seeds where every arm has one or failed."""
    columns = evidence.common(arms)
    return np.stack([c if c.ndim == 1 else c.mean(1) for c in columns], axis=1)


def _association(hypothesis: Trend, evidence: Evidence, pairing: bool) -> Significance:
    """Page's test over seeds; trainings that failed rank worst."""
    del pairing
    table = blocks(evidence, hypothesis.arms)
    n = (len(table),) * len(hypothesis.arms)
    if len(table) < 2:
        return Significance(math.nan, math.nan, math.nan, "none", n)
    found = statistics.trend(table, better=_better(hypothesis.metric))
    p, opposite = (min(1.0, hypothesis.sides * p) for p in (found.p, found.p_opposite))
    return Significance(p, opposite, math.nan, "none", n)


def _mean_in_range(hypothesis: MeanInRange, evidence: Evidence, pairing: bool) -> Significance:
    del pairing
    values = evidence.known(hypothesis.arm)
    if len(values) < 2:
        return Significance(math.nan, math.nan, math.nan, "none", (len(values),))
    few = statistics.few_values(values) or not statistics.varies(values)
    found = statistics.mean_in_range(values, *hypothesis.bounds, by="signed_ranks" if few else "t")
    return Significance(*found, math.nan, "signed_ranks" if few else "none", (len(values),))


def _failure_rate(hypothesis: FailureRate, evidence: Evidence, pairing: bool) -> Significance:
    del pairing
    failed, n = failures(hypothesis, evidence)
    if n < 2:
        return Significance(math.nan, math.nan, math.nan, "none", (n,))
    low, high = hypothesis.bounds
    return Significance(
        statistics.rate_within(failed, n, low, high),
        statistics.rate_outside(failed, n, low, high),
        math.nan,
        "none",
        (n,),
    )


def failures(hypothesis: FailureRate, evidence: Evidence) -> tuple[int, int]:
    """Number of the arm's trainings that failed as stated, and of all that ended."""
    ended = list(evidence.outcomes[hypothesis.arm].values())
    return sum(outcome in hypothesis.outcomes for outcome in ended), len(ended)


def _better(metric: str) -> Direction:
    better = metric_info(metric).better
    assert better is not None  # validated with the hypothesis
    return better


_TESTS: dict[str, Callable[[Any, Evidence, bool], Significance]] = {
    "superiority": _comparison,
    "non_inferiority": _comparison,
    "equivalence": _comparison,
    "trend": _trend,
    "association": _association,
    "interval": _mean_in_range,
    "failure_rate": _failure_rate,
}

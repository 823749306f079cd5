"""Verdicts on a study's hypotheses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from ogan_bench.analysis import statistics
from ogan_bench.analysis.formatting import (
    counted,
    described,
    estimate,
    interval,
    listed,
    number,
    p_value,
)
from ogan_bench.analysis.statistics import Interval, Sample
from ogan_bench.analysis.table import StudyResults, records
from ogan_bench.config import Hypothesis
from ogan_bench.errors import UserError

Outcome = Literal["supported", "refuted", "inconclusive"]

OUTCOMES: tuple[Outcome, ...] = ("supported", "refuted", "inconclusive")

_TESTS: dict[statistics.Test, Callable[..., float]] = {
    "superiority": statistics.superiority,
    "non_inferiority": statistics.non_inferiority,
    "equivalence": statistics.equivalence,
}


@dataclass(frozen=True)
class Verdict:
    """What the data say about one hypothesis.

    Args:
        hypothesis: The claim.
        outcome: The verdict.
        n: Number of values of the arm and of the control.
        means: Means of the arm and of the control.
        difference: Arm less control, with Welch's interval at ``confidence``.
        confidence: ``1 - 2 alpha``: a one-sided test at alpha is significant, before Holm, where
            this interval lies on one side of the margin.
        margin: The margin in the metric's unit, a relative one at the control's mean; 0 if none.
        p: p-value of the claim, not adjusted.
        p_adjusted: The same after Holm over all hypotheses of the study.
        p_opposite: p-value of the contrary after Holm over all contraries.
        effect: Hedges' g of the difference.
        improvement: Share of pairs of trials in which the arm is better than the control.
        reason: The numbers in one sentence.
    """

    hypothesis: Hypothesis
    outcome: Outcome
    n: tuple[int, int]
    means: tuple[float, float]
    difference: Interval
    confidence: float
    margin: float
    p: float
    p_adjusted: float
    p_opposite: float
    effect: float
    improvement: float
    reason: str


def judge(results: StudyResults) -> list[Verdict]:
    """Test every hypothesis of a study.

    A hypothesis is *supported* where the Holm-adjusted p-value of its claim is below the study's
    alpha, *refuted* where that of its contrary is (:func:`statistics.opposite`; these form a Holm
    family of their own), and *inconclusive* otherwise, in particular where an arm has fewer than
    two values. "No significant difference" is never taken for "no difference".

    Error rates: the probability of any false "supported" in the whole study is at most alpha, and
    so is that of any false "refuted"; a single claim can only suffer one of the two, since it is
    either true or false. Both rest on Welch's t, so they hold approximately for values that are
    not normal. They hold for the complete study: looking early and stopping at a welcome verdict
    raises them. Trials without a value are left out of the test, so a verdict is about
    trials that finished; the reason says how many did not.

    Returns:
        One verdict per hypothesis, in the study's order.

    Raises:
        UserError: A stored hypothesis is invalid, or its metric was measured in unlike ways.
    """
    hypotheses = _hypotheses(results)
    alpha = float(results.record["alpha"])
    tests = [_p_values(results, hypothesis) for hypothesis in hypotheses]
    adjusted = statistics.holm([claim for claim, _ in tests])
    contrary = statistics.holm([opposite for _, opposite in tests])
    return [
        _verdict(results, hypothesis, alpha, tests[i][0], float(adjusted[i]), float(contrary[i]))
        for i, hypothesis in enumerate(hypotheses)
    ]


def _hypotheses(results: StudyResults) -> list[Hypothesis]:
    place = f"{results.name}/study.json"
    hypotheses = []
    for entry in results.record["hypotheses"]:
        try:
            hypothesis = Hypothesis.model_validate(entry)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors()
            ).replace("Value error, ", "")
            name = repr(entry.get("id"))
            raise UserError(f"{place}: invalid hypothesis {name}: {problems}") from None
        for arm in (hypothesis.arm, hypothesis.control):
            if arm not in results.arms:
                raise UserError(f"{place}: hypothesis {hypothesis.id!r}: no arm {arm!r}")
        hypotheses.append(hypothesis)
    return hypotheses


def _samples(results: StudyResults, hypothesis: Hypothesis) -> tuple[Sample, Sample]:
    if hypothesis.control not in results.comparable(hypothesis.arm):
        raise UserError(
            f"{results.name}: hypothesis {hypothesis.id!r}: arms {hypothesis.arm!r} and "
            f"{hypothesis.control!r} are of different data and cannot be compared"
        )
    results.protocol(hypothesis.metric, hypothesis.arm)
    arms = hypothesis.arm, hypothesis.control
    arm, control = (results.values(name, hypothesis.metric) for name in arms)
    return arm, control


def _p_values(results: StudyResults, hypothesis: Hypothesis) -> tuple[float, float]:
    """p-values of the claim and of its contrary."""
    arm, control = _samples(results, hypothesis)
    better = described(hypothesis.metric).better
    assert better is not None  # validated with the hypothesis
    margin = hypothesis.margin.value if hypothesis.margin else 0.0
    relative = hypothesis.margin is not None and hypothesis.margin.relative
    claim = _TESTS[hypothesis.test](arm, control, better=better, margin=margin, relative=relative)
    contrary = statistics.opposite(
        hypothesis.test, arm, control, better=better, margin=margin, relative=relative
    )
    return claim, contrary


def _verdict(
    results: StudyResults,
    hypothesis: Hypothesis,
    alpha: float,
    p: float,
    p_adjusted: float,
    p_opposite: float,
) -> Verdict:
    arm, control = _samples(results, hypothesis)
    metric = described(hypothesis.metric)
    assert metric.better is not None
    margin = 0.0
    centre = statistics.mean_interval(control).estimate
    if hypothesis.margin is not None:
        scale = abs(centre) if hypothesis.margin.relative else 1.0
        margin = hypothesis.margin.value * scale
    confidence = 1 - 2 * alpha
    difference = statistics.difference_interval(arm, control, confidence)
    outcome: Outcome = "inconclusive"
    if p_adjusted < alpha:
        outcome = "supported"
    elif p_opposite < alpha:
        outcome = "refuted"
    numbers = [
        f"{metric.title}: {hypothesis.arm} "
        f"{estimate(statistics.mean_interval(arm), metric.format)}, "
        f"{hypothesis.control} {estimate(statistics.mean_interval(control), metric.format)}"
    ]
    family = len(results.record["hypotheses"])
    over = f" after Holm over {family}" if family > 1 else ""
    if math.isnan(p):
        numbers.append("a test needs at least 2 values of each arm")
    else:
        numbers.append(f"difference {interval(difference, metric.format, sign=True)}")
        if hypothesis.margin is not None:
            share = f", {hypothesis.margin} of {hypothesis.control}"
            numbers.append(f"margin {number(margin)}{share if hypothesis.margin.relative else ''}")
        numbers.append(
            {
                "supported": f"{p_value(p_adjusted)}{over}",
                "refuted": f"{p_value(p_opposite)} for the contrary{over}",
                "inconclusive": f"neither the claim ({p_value(p_adjusted)}) nor its contrary "
                f"({p_value(p_opposite)}) is significant at {alpha:g}{over}",
            }[outcome]
        )
    numbers += _lacking(results, hypothesis)
    return Verdict(
        hypothesis=hypothesis,
        outcome=outcome,
        n=(len(arm), len(control)),
        means=(statistics.mean_interval(arm).estimate, centre),
        difference=difference,
        confidence=confidence,
        margin=margin,
        p=p,
        p_adjusted=p_adjusted,
        p_opposite=p_opposite,
        effect=statistics.hedges_g(arm, control),
        improvement=statistics.probability_of_improvement(arm, control, better=metric.better),
        reason="; ".join(numbers),
    )


def _lacking(results: StudyResults, hypothesis: Hypothesis) -> list[str]:
    """``pearson lacks 2 of 5 values (1 diverged, 1 missing)`` for each arm that lacks some."""
    parts = []
    planned = len(results.record["seeds"])
    for arm in (hypothesis.arm, hypothesis.control):
        lacking = planned - len(results.values(arm, hypothesis.metric))
        if not lacking:
            continue
        rows = [row for row in records(results.trials) if row["arm"] == arm]
        why = Counter(row["outcome"] for row in rows if row["outcome"] != "ok")
        why["without a value"] = lacking - why.total()
        causes = listed([f"{n} {cause}" for cause, n in why.items() if n])
        parts.append(f"{arm} lacks {lacking} of {counted(planned, 'value')} ({causes})")
    return parts

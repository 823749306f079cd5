"""Verdicts on a study's hypotheses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from ogan_bench import statistics
from ogan_bench.analysis.formatting import p_value, pluralise
from ogan_bench.analysis.hypothesis_tests import run_test
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.test_result import HypothesisResult
from ogan_bench.errors import UserError
from ogan_bench.study.hypotheses import Hypothesis

Decision = Literal["supported", "refuted", "inconclusive"]

DECISIONS: tuple[Decision, ...] = ("supported", "refuted", "inconclusive")

ENOUGH = 0.8
"""Probability of a verdict that a study is planned for."""

MOST_SEEDS = 1000
"""Number of seeds beyond which none is named."""


@dataclass(frozen=True)
class Verdict:
    """What the data say about one hypothesis.

    Args:
        hypothesis: The claim.
        finding: Its test.
        decision: Supported, refuted or inconclusive.
        confidence: Of the finding's interval, ``1 - 2 alpha``: a one-sided test at alpha is
            significant, before Holm, where this interval lies on one side of the bound.
        p_adjusted: p-value of the claim after Holm over all hypotheses of the study.
        p_opposite: p-value of the contrary after Holm over all contraries.
        power: Probability that as many seeds come to a verdict, were the estimates the truth, with
            the error level of the claim that Holm tests first; nan where it is not known.
        seeds_needed: Seeds per arm with which that probability is :data:`ENOUGH`, where the verdict
            is open and at most :data:`MOST_SEEDS` do it.
        reason: The numbers in one sentence.
    """

    hypothesis: Hypothesis
    finding: HypothesisResult
    decision: Decision
    confidence: float
    p_adjusted: float
    p_opposite: float
    power: float
    seeds_needed: int | None
    reason: str


def judge(results: StudyResults) -> list[Verdict]:
    """Test every hypothesis of a study.

    A hypothesis is *supported* where the Holm-adjusted p-value of its claim is below the study's
    alpha, *refuted* where that of its contrary is (these form a Holm family of their own), and
    *inconclusive* otherwise, in particular where an arm has too few values. "No significant
    difference" is never taken for "no difference".

    Error rates: the probability of any false "supported" in the whole study is at most alpha, and
    so is that of any false "refuted"; a single claim can only suffer one of the two, since it is
    either true or false. They rest on Student's t, so they hold approximately for values that are
    not normal; tests by ranks and of rates are exact. They hold for the complete study: looking
    early and stopping at a welcome verdict raises them.

    Returns:
        One verdict per hypothesis, in the study's order.

    Raises:
        UserError: A stored hypothesis is invalid, or its metric was measured in unlike ways.
    """
    alpha = float(results.record["alpha"])
    confidence = 1 - 2 * alpha
    hypotheses = _hypotheses(results)
    findings = [run_test(results, hypothesis, confidence) for hypothesis in hypotheses]
    claims = statistics.holm([finding.p for finding in findings])
    contraries = statistics.holm([finding.p_opposite for finding in findings])
    return [
        _verdict(hypothesis, finding, alpha, len(findings), float(claim), float(contrary))
        for hypothesis, finding, claim, contrary in zip(
            hypotheses, findings, claims, contraries, strict=True
        )
    ]


_ADAPTER: TypeAdapter[Hypothesis] = TypeAdapter(Hypothesis)


def _hypotheses(results: StudyResults) -> list[Hypothesis]:
    place = f"{results.name}/study.json"
    hypotheses = []
    for entry in results.record["hypotheses"]:
        try:
            hypothesis = _ADAPTER.validate_python(entry)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, detail['loc'][1:]))}: {detail['msg']}"
                for detail in error.errors()
            ).replace("Value error, ", "")
            name = repr(entry.get("id"))
            raise UserError(f"{place}: invalid hypothesis {name}: {problems}") from None
        for _, arm in hypothesis.named_arms:
            if arm not in results.arms:
                raise UserError(f"{place}: hypothesis {hypothesis.id!r}: no arm {arm!r}")
        hypotheses.append(hypothesis)
    return hypotheses


def _verdict(
    hypothesis: Hypothesis,
    finding: HypothesisResult,
    alpha: float,
    family: int,
    p_adjusted: float,
    p_opposite: float,
) -> Verdict:
    decision: Decision = "inconclusive"
    if p_adjusted < alpha:
        decision = "supported"
    elif p_opposite < alpha:
        decision = "refuted"
    level = alpha / family
    n = min(finding.n)
    power = finding.power_at(n, level) if n > 1 else math.nan
    needed = None
    parts = list(finding.facts)
    if not math.isnan(finding.p):
        over = f" after Holm over {family}" if family > 1 else ""
        tested = {
            "supported": f"{p_value(p_adjusted)}{over}",
            "refuted": f"{p_value(p_opposite)} for the contrary{over}",
            "inconclusive": f"neither the claim ({p_value(p_adjusted)}) nor its contrary "
            f"({p_value(p_opposite)}) is significant at {alpha:g}{over}",
        }[decision]
        parts.append(f"{finding.method}: {tested}")
    parts += finding.lacking
    if decision == "inconclusive" and not math.isnan(power):
        needed = seeds_for_power(finding.power_at, level)
        parts.append(_outlook(n, power, needed))
    return Verdict(
        hypothesis=hypothesis,
        finding=finding,
        decision=decision,
        confidence=1 - 2 * alpha,
        p_adjusted=p_adjusted,
        p_opposite=p_opposite,
        power=power,
        seeds_needed=needed,
        reason="; ".join(parts),
    )


def seeds_for_power(chance: Callable[[int, float], float], level: float) -> int | None:
    """Seeds per arm with which a verdict has the probability :data:`ENOUGH`, if any do."""
    return statistics.seeds_needed(lambda n: chance(n, level), ENOUGH, most=MOST_SEEDS)


def _outlook(n: int, power: float, needed: int | None) -> str:
    """What more seeds would do, were the estimates the truth."""
    if needed is None:
        more = f"and {MOST_SEEDS:,} would not settle it either"
    else:
        more = f"{pluralise(max(needed - n, 1), 'more seed')} would with {100 * ENOUGH:.0f} %"
    now = f"{pluralise(n, 'seed')} come to a verdict with {100 * power:.0f} %"
    return f"at these estimates {now}, {more}"

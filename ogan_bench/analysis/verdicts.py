"""Verdicts on a study's hypotheses."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

import ogan_bench.statistics as statistics
from ogan_bench.analysis.formatting import p_value, pluralise
from ogan_bench.analysis.hypothesis_result import HypothesisResult
from ogan_bench.analysis.hypothesis_tests import run_test
from ogan_bench.analysis.results import StudyResults
from ogan_bench.errors import UserError
from ogan_bench.study.hypotheses import Hypothesis

Decision = Literal["supported", "refuted", "inconclusive"]

DECISIONS: tuple[Decision, ...] = ("supported", "refuted", "inconclusive")

ENOUGH = 0.8
"""Target probability of a verdict when planning a study."""

MOST_SEEDS = 1000
"""The largest number of seeds that is ever recommended."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one hypothesis.

    Args:
        hypothesis: The claim.
        finding: Result of its test.
        decision: Supported, refuted or inconclusive.
        confidence: Level of the finding's interval, ``1 - 2 alpha``: a one-sided test at alpha is
            significant, before Holm, if this interval lies on one side of the bound.
        p_adjusted: p-value of the claim after Holm over all hypotheses of the study.
        p_opposite: p-value of its opposite after Holm over all opposites.
        power: Probability of a verdict with the same number of seeds if the estimates are true, at
            the error level of the claim that Holm tests first; nan if unknown.
        seeds_needed: Seeds per arm at which that probability is :data:`ENOUGH`, if the decision is
            inconclusive and at most :data:`MOST_SEEDS` suffice.
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
    alpha, *refuted* if that of its opposite is (these form their own Holm family), and
    *inconclusive* otherwise, in particular if an arm has too few values. "No significant
    difference" is never taken as "no difference".

    Error rates: the probability of any false "supported" in the whole study is at most alpha, and
    so is that of any false "refuted"; a single claim can only incur one of the two, since it is
    either true or false. They rest on Student's t, so they hold approximately for values that are
    not normal; tests by ranks and of rates are exact. They hold for the complete study: looking
    early and stopping at a favourable verdict inflates them.

    Returns:
        One verdict per hypothesis, in the study's order.

    Raises:
        UserError: A stored hypothesis is invalid, or its metric was measured under different
            protocols.
    """
    alpha = float(results.record["alpha"])
    confidence = 1 - 2 * alpha
    hypotheses = _hypotheses(results)
    findings = [run_test(results, hypothesis, confidence) for hypothesis in hypotheses]
    claims = statistics.holm([finding.p for finding in findings])
    opposites = statistics.holm([finding.p_opposite for finding in findings])
    return [
        _verdict(hypothesis, finding, alpha, len(findings), float(claim), float(opposite))
        for hypothesis, finding, claim, opposite in zip(
            hypotheses, findings, claims, opposites, strict=True
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
        holm = f" (Holm, {family} hypotheses)" if family > 1 else ""
        tested = {
            "supported": f"{p_value(p_adjusted)}{holm}",
            "refuted": f"{p_value(p_opposite)} for the opposite{holm}",
            "inconclusive": f"neither the claim ({p_value(p_adjusted)}) nor its opposite "
            f"({p_value(p_opposite)}) is significant at {alpha:g}{holm}",
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
    """Seeds per arm at which a verdict has probability :data:`ENOUGH`; none if too many."""
    return statistics.seeds_needed(lambda n: chance(n, level), ENOUGH, most=MOST_SEEDS)


def _outlook(n: int, power: float, needed: int | None) -> str:
    """What more seeds would change if the estimates are true."""
    enough = f"{100 * ENOUGH:.0f} %"
    if needed is None:
        more = f"even {MOST_SEEDS:,} would not raise it to {enough}"
    else:
        more = f"{max(needed - n, 1)} more would raise it to {enough}"
    percent = f"{100 * power:.0f}"
    article = "an" if percent in ("11", "18") or percent.startswith("8") else "a"
    return (
        f"at these estimates {pluralise(n, 'seed')} had {article} {percent} % chance of a verdict; "
        f"{more}"
    )

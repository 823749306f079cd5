"""Verdicts on a study's hypotheses, by the rules of docs/verdicts.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pydantic import TypeAdapter, ValidationError

import ogan_bench.statistics as statistics
from ogan_bench.analysis.evidence import gather
from ogan_bench.analysis.formatting import number, p_value, pluralise
from ogan_bench.analysis.hypothesis_result import HypothesisResult
from ogan_bench.analysis.hypothesis_tests import run_test
from ogan_bench.analysis.live_contrast import uninformative
from ogan_bench.analysis.p_values import Significance
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.sensitivity import Sensitivity, sensitivities
from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.study.first_defaults import hypothesis_with_first_defaults
from ogan_bench.study.hypotheses import TESTS, Hypothesis

Decision = Literal["supported", "refuted", "equivalent", "inconclusive", "uninformative"]

DECISIONS: tuple[Decision, ...] = (
    "supported",
    "refuted",
    "equivalent",
    "inconclusive",
    "uninformative",
)

DECIDED = ("supported", "refuted", "equivalent")
"""Decisions that the data have made."""

ENOUGH = 0.8
"""Target probability of a verdict when planning a study."""

MOST_SEEDS = 1000
"""The largest number of seeds that is ever recommended."""

NOT_NORMAL = 0.05
"""p-value of normality below which a verdict by t tests says so."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one hypothesis.

    Args:
        hypothesis: The claim.
        finding: Result of its test.
        decision: ``supported``: the claim is; ``refuted``: its opposite is; ``equivalent``: a claim
            of superiority by a margin is refuted, and the arms differ by less than the margin;
            ``inconclusive``: none of these; ``uninformative``: the data can say nothing.
        p_adjusted: p-value of the claim after Holm over all hypotheses of the study.
        p_opposite: p-value of its opposite after Holm over all opposites.
        p_equivalent: p-value of equivalence after Holm over those of all hypotheses; nan without a
            margin.
        p_welch: By Welch's test in the place of the paired one, not adjusted: of the opposite where
            that is significant, else of the claim; nan for other tests.
        uninformative: Why the data can say nothing; empty otherwise.
        sensitivity: What the decision rests on; ``None`` unless the data have decided.
        detectable: The true difference that as many seeds detect with 80 % power, at the error
            level that Holm's procedure uses first, in the unit of the estimate; nan if unknown.
        normality: p-value of "the metric's values are normal", pooled over the arms of the study.
        reason: The numbers in one sentence.
    """

    hypothesis: Hypothesis
    finding: HypothesisResult
    decision: Decision
    p_adjusted: float
    p_opposite: float
    p_equivalent: float
    p_welch: float
    uninformative: str
    sensitivity: Sensitivity | None
    detectable: float
    normality: float
    reason: str


@dataclass(frozen=True)
class _Adjusted:
    """p-values of one hypothesis after Holm's procedure over all of the study."""

    claim: float
    opposite: float
    equivalent: float

    def decision(self, alpha: float) -> Decision:
        if self.claim < alpha:
            return "supported"
        if self.opposite < alpha:
            return "equivalent" if self.equivalent < alpha else "refuted"
        return "inconclusive"


def judge(results: StudyResults) -> list[Verdict]:
    """Test every hypothesis of a study.

    A hypothesis is *supported* where the Holm-adjusted p-value of its claim is below the study's
    alpha, *refuted* if that of its opposite is (these form their own Holm family), *equivalent* if
    it claims superiority by a margin, is refuted, and the difference is shown to be smaller than
    the margin (a third family), and *inconclusive* otherwise, in particular if an arm has too few
    values. "No significant difference" is never taken as "no difference". Where the contrast is not
    live (:mod:`~ogan_bench.analysis.live_contrast`) it is *uninformative* whatever the p-values,
    which still count in their families.

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
    hypotheses = _hypotheses(results)
    cases = [(hypothesis, gather(results, hypothesis)) for hypothesis in hypotheses]
    findings = [run_test(results, hypothesis, evidence, alpha) for hypothesis, evidence in cases]
    adjusted = _adjust([finding.significance for finding in findings])
    tried = sensitivities(cases, alpha, partial(decisions, alpha=alpha))
    metrics = {hypothesis.metric for hypothesis in hypotheses if hypothesis.metric is not None}
    shapes = {
        metric: statistics.normality([results.values(arm, metric) for arm in results.arms])
        for metric in metrics
    }
    return [
        _verdict(results, hypothesis, finding, found, sensitivity, shapes)
        for hypothesis, finding, found, sensitivity in zip(
            hypotheses, findings, adjusted, tried, strict=True
        )
    ]


def decisions(tested: Sequence[Significance], alpha: float) -> list[Decision]:
    """Decisions on a study's hypotheses by their p-values alone."""
    return [found.decision(alpha) for found in _adjust(tested)]


def _adjust(tested: Sequence[Significance]) -> list[_Adjusted]:
    """Holm's procedure, in a family each: claims, opposites, equivalences."""
    families = (
        statistics.holm([found.claim for found in tested]),
        statistics.holm([found.opposite for found in tested]),
        statistics.holm([found.equivalent for found in tested]),
    )
    return [_Adjusted(*map(float, row)) for row in zip(*families, strict=True)]


_ADAPTER: TypeAdapter[Hypothesis] = TypeAdapter(Hypothesis)


def _hypotheses(results: StudyResults) -> list[Hypothesis]:
    place = f"{results.name}/study.json"
    hypotheses = []
    for entry in results.record["hypotheses"]:
        try:
            hypothesis = _ADAPTER.validate_python(_complete(entry))
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


def _complete(entry: Record) -> Record:
    """A stored hypothesis with the first default of every key that it lacks and its test has."""
    model = TESTS.get(str(entry.get("test")))
    fields = {} if model is None else model.model_fields
    full = hypothesis_with_first_defaults(entry)
    return {key: value for key, value in full.items() if key in entry or key in fields}


def _verdict(
    results: StudyResults,
    hypothesis: Hypothesis,
    finding: HypothesisResult,
    adjusted: _Adjusted,
    sensitivity: Sensitivity,
    shapes: Mapping[str, float],
) -> Verdict:
    family = len(results.record["hypotheses"])
    alpha = float(results.record["alpha"])
    why_not = uninformative(results, hypothesis)
    decision = adjusted.decision(alpha) if why_not is None else "uninformative"
    decided = decision in DECIDED
    n = min(finding.n)
    detectable = finding.detectable(n, alpha / family) if n > 1 else math.nan
    by_t = finding.significance.how in ("paired", "welch")
    normality = shapes[hypothesis.metric] if by_t and hypothesis.metric else math.nan
    welch = sensitivity.welch
    opposite = adjusted.decision(alpha) in ("refuted", "equivalent")
    p_welch = welch.opposite if opposite else welch.claim
    if finding.significance.how != "paired":
        p_welch = math.nan
    parts = [] if why_not is None else [why_not]
    parts += finding.facts
    if not math.isnan(finding.significance.claim):
        parts.append(f"{finding.method}: {_tested(hypothesis, adjusted, decision, alpha, family)}")
        if finding.significance.how == "paired":
            parts.append(f"by Welch's test, not adjusted, {p_value(p_welch)}")
    parts += finding.lacking
    if finding.significance.how == "signed_ranks":
        parts += _out_of_reach(n, getattr(hypothesis, "sides", 1), alpha, family)
    if decision == "inconclusive" and not math.isnan(detectable):
        parts.append(
            f"with 80 % power, {pluralise(n, 'seed')} detect a difference of "
            f"{number(detectable, '.2g')}{finding.unit}"
        )
    if normality < NOT_NORMAL:
        parts.append(f"the values of the metric are not normal ({p_value(normality)})")
    return Verdict(
        hypothesis=hypothesis,
        finding=finding,
        decision=decision,
        p_adjusted=adjusted.claim,
        p_opposite=adjusted.opposite,
        p_equivalent=adjusted.equivalent,
        p_welch=p_welch,
        uninformative=why_not or "",
        sensitivity=sensitivity if decided else None,
        detectable=detectable,
        normality=normality,
        reason="; ".join(parts),
    )


def _tested(
    hypothesis: Hypothesis, adjusted: _Adjusted, decision: Decision, alpha: float, family: int
) -> str:
    """The p-values behind a decision, with their level."""
    sides = {1: "one-sided", 2: "two-sided"}[getattr(hypothesis, "sides", 1)]
    holm = f", Holm over {family} hypotheses" if family > 1 else ""
    if decision == "supported":
        return f"{p_value(adjusted.claim)} ({sides}{holm})"
    if decision == "refuted":
        return f"{p_value(adjusted.opposite)} for the opposite ({sides}{holm})"
    if decision == "equivalent":
        return (
            f"{p_value(adjusted.opposite)} for the opposite ({sides}{holm}), "
            f"{p_value(adjusted.equivalent)} for a difference below the margin"
        )
    claim, opposite = p_value(adjusted.claim), p_value(adjusted.opposite)
    if decision == "uninformative":
        return f"claim {claim}, opposite {opposite} ({sides}{holm})"
    return (
        f"neither the claim ({claim}) nor its opposite ({opposite}) is significant at "
        f"{alpha:g} ({sides}{holm})"
    )


def _out_of_reach(n: int, sides: int, alpha: float, family: int) -> list[str]:
    """Whether a signed-rank test of so few seeds can decide nothing."""
    least = sides * 0.5**n
    if least >= alpha:
        return [f"with {pluralise(n, 'seed')} no p-value of this test is below {least:.2g}"]
    if least * family >= alpha:
        return [
            f"with {pluralise(n, 'seed')} no p-value of this test is below {least:.2g}, which "
            f"decides nothing as the smallest of {family}"
        ]
    return []


def seeds_for_power(chance: Callable[[int, float], float], level: float) -> int | None:
    """Seeds per arm at which a verdict has probability :data:`ENOUGH`; none if too many."""
    return statistics.seeds_needed(lambda n: chance(n, level), ENOUGH, most=MOST_SEEDS)

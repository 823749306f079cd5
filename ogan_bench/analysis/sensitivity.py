"""What a verdict rests on: decisions under other choices that could as well have been made."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import methodcaller

from ogan_bench.analysis.evidence import Evidence
from ogan_bench.analysis.formatting import join_words
from ogan_bench.analysis.p_values import Significance, p_values_of
from ogan_bench.store.outcomes import FAILURES
from ogan_bench.study.hypotheses import FailureRate, Hypothesis, MeanInRange

Case = tuple[Hypothesis, Evidence]
Decide = Callable[[Sequence[Significance]], Sequence[str]]


@dataclass(frozen=True)
class Sensitivity:
    """How the decision on one hypothesis depends on choices.

    Args:
        seeds: Seeds without any one of which it is another.
        others: Other choices under which it is another, in words.
        welch: The p-values by Welch's test in the place of the paired one, not adjusted.
    """

    seeds: tuple[int, ...]
    others: tuple[str, ...]
    welch: Significance

    @property
    def words(self) -> str:
        """``robust``, or what the decision rests on."""
        parts = list(self.others)
        if self.seeds:
            noun = "seed" if len(self.seeds) == 1 else "any of the seeds"
            parts.insert(0, f"{noun} {', '.join(map(str, self.seeds))}")
        return "rests on " + "; on ".join(parts) if parts else "robust"


def sensitivities(cases: Sequence[Case], alpha: float, decide: Decide) -> list[Sensitivity]:
    """How the decisions on a study's hypotheses depend on choices.

    Each time all hypotheses are tested and adjusted together: without each seed in turn; by Welch's
    test in the place of the paired one; with one-sided tests at half the level; in each classifier
    of an ensemble; and without the trials whose training failed.

    Args:
        cases: The hypotheses and their evidence.
        alpha: Error level of the study.
        decide: From the p-values of all hypotheses to their decisions.
    """

    def tested(change: Callable[[Evidence], Evidence], pairing: bool = True) -> list[Significance]:
        return [
            p_values_of(hypothesis, change(evidence), pairing=pairing)
            for hypothesis, evidence in cases
        ]

    plain, welch = tested(_same), tested(_same, pairing=False)
    actual = decide(plain)
    seeds = sorted({seed for _, evidence in cases for seed in evidence.seeds})
    without = {seed: decide(tested(methodcaller("without_seed", seed))) for seed in seeds}
    others = {
        "the pairing of seeds": decide(welch),
        f"the one-sided level (not at {alpha / 2:g} a side)": decide(_two_sided(cases, plain)),
    }
    if any(_fails(evidence) for _, evidence in cases):
        # An arm of failures alone leaves no test; that is no other decision.
        excluded = tested(methodcaller("without_failures"))
        others["the failed trials"] = decide(
            [
                full if math.isnan(found.claim) else found
                for found, full in zip(excluded, plain, strict=True)
            ]
        )
    members = max((evidence.members for _, evidence in cases), default=1)
    each = [
        decide(tested(methodcaller("in_member", index))) for index in range(members) if members > 1
    ]
    return [
        Sensitivity(
            seeds=tuple(seed for seed in seeds if without[seed][index] != decision),
            others=tuple(name for name, decisions in others.items() if decisions[index] != decision)
            + _all_classifiers([decisions[index] == decision for decisions in each]),
            welch=welch[index],
        )
        for index, decision in enumerate(actual)
    ]


def _same(evidence: Evidence) -> Evidence:
    return evidence


def _two_sided(cases: Sequence[Case], tested: Sequence[Significance]) -> list[Significance]:
    """The p-values with those of one-sided tests doubled; equivalence is always tested by such."""
    halved = [replace(found, equivalent=_doubled(found.equivalent)) for found in tested]
    return [
        found
        if getattr(hypothesis, "sides", 1) == 2
        else replace(
            found,
            claim=_doubled(found.claim),
            opposite=found.opposite if _has_two_ends(hypothesis) else _doubled(found.opposite),
        )
        for (hypothesis, _), found in zip(cases, halved, strict=True)
    ]


def _has_two_ends(hypothesis: Hypothesis) -> bool:
    """Whether the opposite lies on both sides, so that its p-value is doubled already."""
    if isinstance(hypothesis, MeanInRange | FailureRate):
        return all(math.isfinite(bound) for bound in hypothesis.bounds)
    return hypothesis.test == "equivalence"


def _doubled(p: float) -> float:
    return p if math.isnan(p) else min(1.0, 2 * p)


def _all_classifiers(same: Sequence[bool]) -> tuple[str, ...]:
    """Which classifiers alone lead to another decision."""
    odd = [str(index + 1) for index, agrees in enumerate(same) if not agrees]
    return (f"the ensemble (not in classifier {join_words(odd)} alone)",) if odd else ()


def _fails(evidence: Evidence) -> bool:
    return any(
        outcome in FAILURES for of_arm in evidence.outcomes.values() for outcome in of_arm.values()
    )

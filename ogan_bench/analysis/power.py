"""Power analysis: how many seeds a study needs before it is run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ogan_bench.analysis.arm_comparison import chance_of_verdict
from ogan_bench.analysis.evidence import gather
from ogan_bench.analysis.formatting import metric_info, pluralise
from ogan_bench.analysis.hypothesis_tests import run_test
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import seeds_for_power
from ogan_bench.study.hypotheses import Comparison, Hypothesis
from ogan_bench.study.settings import StudySettings

LEAST_SEEDS = 3
"""Seeds of a pilot below which it says nothing about the spread over seeds."""


@dataclass(frozen=True)
class Assumed:
    """Assumptions used if there is no pilot.

    Args:
        spread: Standard deviation over seeds, as a fraction of the control's mean.
        effect: Advantage of the arm in claims of superiority, as a fraction of the control's mean;
            0 in claims that two arms are alike.
        correlation: Between arm and control over common seeds.
    """

    spread: float
    effect: float
    correlation: float = 0.0


@dataclass(frozen=True)
class Plan:
    """The power analysis of one hypothesis.

    Args:
        hypothesis: The claim.
        level: Error level of the claim that Holm's procedure tests first: alpha over their number.
        chances: Seeds per arm to the probability of a verdict.
        needed: Seeds at which it reaches :data:`~ogan_bench.analysis.verdicts.ENOUGH`.
        note: Why the power is unknown, if so.
    """

    hypothesis: Hypothesis
    level: float
    chances: dict[int, float]
    needed: int | None
    note: str


def plan(study: StudySettings, basis: StudyResults | Assumed, counts: Sequence[int]) -> list[Plan]:
    """Probability of a verdict on each hypothesis, for several numbers of seeds.

    Args:
        study: The study.
        basis: A pilot, whose estimates are taken as true, or assumptions.
        counts: Numbers of seeds per arm.

    Raises:
        UserError: The pilot was measured under different protocols.
    """
    level = study.alpha / max(len(study.hypotheses), 1)
    plans = []
    for hypothesis in study.hypotheses:
        if isinstance(basis, StudyResults):
            chance, note = _by_pilot(basis, hypothesis)
        else:
            chance, note = _by_assumption(basis, hypothesis)
        if chance is None:
            plans.append(Plan(hypothesis, level, dict.fromkeys(counts, math.nan), None, note))
            continue
        chances = {n: chance(n, level) for n in counts}
        plans.append(Plan(hypothesis, level, chances, seeds_for_power(chance, level), ""))
    return plans


Chance = Callable[[int, float], float]


def _by_pilot(pilot: StudyResults, hypothesis: Hypothesis) -> tuple[Chance | None, str]:
    unknown = [arm for _, arm in hypothesis.named_arms if arm not in pilot.arms]
    if unknown:
        return None, f"the pilot has no arm {unknown[0]}"
    finding = run_test(pilot, hypothesis, gather(pilot, hypothesis), alpha=0.05)
    seeds = min(finding.n)
    if seeds < LEAST_SEEDS:
        return None, f"the pilot has {pluralise(seeds, 'seed')}; {LEAST_SEEDS} or more are needed"
    if math.isnan(finding.power_at(LEAST_SEEDS, 0.05)):
        return None, f"not known for the test by which the pilot is decided: {finding.method}"
    return finding.power_at, ""


def _by_assumption(assumed: Assumed, hypothesis: Hypothesis) -> tuple[Chance | None, str]:
    if not isinstance(hypothesis, Comparison):
        return None, "needs a pilot"
    margin = hypothesis.margin
    if margin is not None and not margin.relative:
        return None, "its margin is in the metric's unit: needs a pilot"
    better = metric_info(hypothesis.metric).better
    side = 1.0 if better == "higher" else -1.0
    advantage = assumed.effect if hypothesis.test == "superiority" else 0.0

    def beyond(bound: float) -> tuple[float, dict[str, Any]]:
        """In units of the control's mean."""
        control = (1 + side * bound) * assumed.spread
        correlation = {"correlation": assumed.correlation, "paired": True}
        return advantage - bound, {"sd": assumed.spread, "sd_control": control, **correlation}

    return chance_of_verdict(hypothesis, beyond, margin.value if margin else 0.0), ""

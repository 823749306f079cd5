"""What a study plans, before any of its trials: the facts of its protocol, with power and cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ogan_bench.analysis.ablation import changes
from ogan_bench.analysis.formatting import metric_info, number
from ogan_bench.analysis.power import Assumed, Plan
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.tuning import tuning_in_words
from ogan_bench.files import Record
from ogan_bench.metrics import Metric
from ogan_bench.study.hypotheses import Comparison, FailureRate, Hypothesis, Trend


@dataclass(frozen=True)
class Planned:
    """One hypothesis in words.

    Args:
        hypothesis: The hypothesis.
        statement: What has to hold for it to be true.
        margin_reason: Why its margin is what it is; empty if nothing is stated.
        sides: Sides of the test; ``None`` where the kind of test fixes them.
        power: The power analysis, if there is one.
    """

    hypothesis: Hypothesis
    statement: str
    margin_reason: str
    sides: int | None
    power: Plan | None


@dataclass(frozen=True)
class Protocol:
    """The protocol of a study before its first trial.

    Args:
        results: The study without any trial.
        registered: ``registered.json``.
        hypotheses: In the order of the study.
        metrics: Name to definition, in the order of the study.
        base: The arm that the others are described against.
        tuning: How arms were tuned, a sentence for each search.
        arms: One row per arm: ``arm``, ``changes`` against the base (texts), ``steps`` and
            ``images`` of one training.
        trials: Number of trials.
        seconds: Training time of all trials one after another on this machine, if it is known.
        basis: What the power analysis assumes, in words; empty without one.
    """

    results: StudyResults
    registered: Record
    hypotheses: tuple[Planned, ...]
    metrics: Mapping[str, Metric]
    base: str
    tuning: tuple[str, ...]
    arms: list[Record]
    trials: int
    seconds: float | None
    basis: str


def protocol(
    record: Record,
    registered: Record,
    hypotheses: Sequence[Hypothesis],
    *,
    plans: Sequence[Plan] | None = None,
    basis: str = "",
    seconds: float | None = None,
) -> Protocol:
    """The protocol of a study.

    Args:
        record: ``study.json``.
        registered: ``registered.json``.
        hypotheses: Those of the record.
        plans: The power analysis of each hypothesis, if there is one.
        basis: What it assumes, in words.
        seconds: Training time of all trials, if it is known.
    """
    results = StudyResults(Path(), record, pd.DataFrame(), pd.DataFrame(), {}, ())
    base = results.control
    powers = plans if plans is not None else [None] * len(hypotheses)
    return Protocol(
        results=results,
        registered=registered,
        hypotheses=tuple(
            Planned(
                hypothesis,
                _statement(results, hypothesis),
                str(getattr(hypothesis, "margin_reason", "")),
                _sides(hypothesis),
                power,
            )
            for hypothesis, power in zip(hypotheses, powers, strict=True)
        ),
        metrics={name: metric_info(name) for name in record["metrics"]},
        base=base,
        tuning=tuple(tuning_in_words(results)),
        arms=[_arm(results, base, arm) for arm in results.arms],
        trials=len(results.arms) * len(record["seeds"]),
        seconds=seconds,
        basis=basis,
    )


def basis_in_words(basis: StudyResults | Assumed) -> str:
    """What a power analysis takes as true."""
    if isinstance(basis, StudyResults):
        return f"the estimates of the pilot {basis.name} are taken as the truth"
    return (
        f"assumed: standard deviation over seeds {100 * basis.spread:g} % of the mean, advantage "
        f"in claims of superiority {100 * basis.effect:g} % of the control's mean, correlation "
        f"between arm and control {basis.correlation:g}"
    )


def _arm(results: StudyResults, base: str, arm: str) -> Record:
    training = results.record["arms"][arm]["training"]
    steps = training["steps"]
    return {
        "arm": arm,
        "changes": changes(results, base, arm),
        "steps": steps,
        "images": steps * training["batch_size"],
    }


def _sides(hypothesis: Hypothesis) -> int | None:
    """Sides of a test that may have one or two."""
    if isinstance(hypothesis, Trend) or hypothesis.test == "superiority":
        return hypothesis.sides
    return None


def _statement(results: StudyResults, hypothesis: Hypothesis) -> str:
    """What a hypothesis says of its arms, with its margin or range."""

    def named(arm: str) -> str:
        title = results.arm_title(arm)
        return arm if title == arm else f"{title} ({arm})"

    if isinstance(hypothesis, Comparison):
        arm, control, margin = named(hypothesis.arm), named(hypothesis.control), hypothesis.margin
        size = f"{margin} of the control's mean" if margin and margin.relative else f"{margin}"
        if hypothesis.test == "superiority":
            return f"{arm} is better than {control}" + (f" by more than {size}" if margin else "")
        if hypothesis.test == "non_inferiority":
            return f"{arm} is not worse than {control} by {size} or more"
        return f"{arm} and {control} differ by less than {size} in either direction"
    if isinstance(hypothesis, Trend):
        how = {
            "trend": "better from each arm to the next",
            "association": "the ranks within seeds go with the order of the arms, the best last",
        }[hypothesis.test]
        return f"{how}: {', '.join(map(named, hypothesis.arms))}"
    bounds = _range(*hypothesis.bounds)
    if isinstance(hypothesis, FailureRate):
        failures = " or ".join(hypothesis.outcomes)
        return f"the probability that a training of {named(hypothesis.arm)} is {failures} {bounds}"
    return f"the mean of {named(hypothesis.arm)} over training seeds {bounds}"


def _range(low: float, high: float) -> str:
    if high == math.inf:
        return f"is at least {number(low)}"
    if low == -math.inf:
        return f"is at most {number(high)}"
    return f"lies between {number(low)} and {number(high)}"

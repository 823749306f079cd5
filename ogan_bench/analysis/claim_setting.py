"""One hypothesis of a study as a setting of a wider claim."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import ogan_bench.statistics as statistics
from ogan_bench.analysis.formatting import join_words, metric_info
from ogan_bench.analysis.live_contrast import SMOKE
from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import Decision, Verdict
from ogan_bench.files import Record
from ogan_bench.statistics import Effect, Interval
from ogan_bench.study.hypotheses import Comparison

CONFIDENCE = 0.95


@dataclass(frozen=True)
class ClaimSetting:
    """One hypothesis as a setting of a wider claim.

    Args:
        study: Name of the study's folder.
        dataset: What the arm was trained on.
        hypothesis: Name of the hypothesis.
        claim: The hypothesis in words.
        part_of: The wider claim.
        decision: Verdict on the hypothesis.
        reason: Its numbers in one sentence.
        n: The smaller number of seeds of the arms compared.
        ratio: Logarithm of the factor by which the arm is better than the control: of the ratio of
            the means, oriented so that above 0 is better; nan if there is none.
        by_seed: The same for each common seed, shape (seeds,); empty without pairs.
        trainings: What identifies the trainings of the arm and of the control, steps aside.
        steps: Steps that they were trained for.
        note: Why there is no ratio, if so.
        rests_on: ``robust``, or what its decision rests on; empty if the data have not decided.
        left_out: Why the setting does not enter a summary whatever its ratio; empty if it does.
        standing: Whether its study was registered, deviates from that, and is complete.
    """

    study: str
    dataset: str
    hypothesis: str
    claim: str
    part_of: str
    decision: Decision
    reason: str
    n: int
    ratio: Effect
    by_seed: NDArray[np.float64]
    trainings: tuple[str, ...]
    steps: int
    note: str
    rests_on: str
    left_out: str
    standing: Standing

    @property
    def factor(self) -> Interval:
        """Factor by which the arm is better, with its interval."""
        summary = statistics.random_effects(
            [self.ratio.estimate], [self.ratio.error], [self.ratio.freedom], confidence=CONFIDENCE
        )
        interval = summary.interval if summary.k else Interval(self.ratio.estimate, *_NO_BOUNDS)
        return factor_of(interval)


def settings_of(results: StudyResults, verdicts: Sequence[Verdict]) -> list[ClaimSetting]:
    """The hypotheses of a study that are settings of wider claims; none at the scale ``smoke``."""
    if results.record.get("scale") == SMOKE:
        return []
    return [_setting(results, verdict) for verdict in verdicts if verdict.hypothesis.part_of]


def _setting(results: StudyResults, verdict: Verdict) -> ClaimSetting:
    hypothesis = verdict.hypothesis
    arm = results.record["arms"][verdict.finding.arms[0]]
    ratio, by_seed, note = _NO_RATIO, np.empty(0), ""
    if not isinstance(hypothesis, Comparison):
        note = "compares no two arms"
    else:
        own, other, paired = results.pairs(hypothesis.arm, hypothesis.control, hypothesis.metric)
        sign = 1 if metric_info(hypothesis.metric).better == "higher" else -1
        try:
            found = statistics.log_ratio(own, other, paired=paired)
            ratio = found._replace(estimate=sign * found.estimate)
            if paired:
                by_seed = sign * np.log(statistics.by_trial(own) / statistics.by_trial(other))
        except ValueError as error:
            note = str(error)
    return ClaimSetting(
        study=results.name,
        dataset=dataset_name(arm.get("data")),
        hypothesis=hypothesis.id,
        claim=hypothesis.claim,
        part_of=hypothesis.part_of,
        decision=verdict.decision,
        reason=verdict.reason,
        n=min(verdict.finding.n),
        ratio=ratio,
        by_seed=by_seed,
        trainings=tuple(_training(results, arm) for arm in verdict.finding.arms),
        steps=_steps(results, verdict.finding.arms[0]),
        note=note,
        rests_on="" if verdict.sensitivity is None else verdict.sensitivity.words,
        left_out=_left_out(results, verdict),
        standing=results.standing,
    )


def _training(results: StudyResults, arm: str) -> str:
    """What identifies an arm's trainings wherever they stopped: settings but for their steps."""
    identity = results.identity(arm)
    kept = {key: value for key, value in identity.items() if key != "evaluation"}
    training = {key: value for key, value in _training_of(results, arm).items() if key != "steps"}
    return json.dumps([{**kept, "training": training}, results.record["seeds"]], sort_keys=True)


def _steps(results: StudyResults, arm: str) -> int:
    return int(_training_of(results, arm).get("steps", 0))


def _training_of(results: StudyResults, arm: str) -> Record:
    """Settings of the training that identify an arm."""
    training: Record = results.identity(arm).get("training", {})
    return training


def _left_out(results: StudyResults, verdict: Verdict) -> str:
    """Why a setting enters no summary, if so."""
    standing = results.standing
    reasons = ["uninformative"] if verdict.uninformative else []
    reasons += [] if standing.complete else ["preliminary"]
    reasons += ["deviated"] if standing.deviations else []
    return join_words(reasons)


def factor_of(log: Interval) -> Interval:
    """The factor whose logarithm has this estimate and interval."""
    return Interval(*(math.exp(min(value, _LARGEST)) for value in log))


def dataset_name(part: Record | None) -> str:
    """Display name of a dataset from its settings, with how its images were cropped.

    >>> dataset_name({"name": "ring"}), dataset_name(None)
    ('ring', 'unknown data')
    >>> dataset_name({"name": "fashion_mnist", "resolution": 32})
    'fashion_mnist at 32'
    >>> dataset_name({"name": "celeba", "resolution": 64, "crop_size": 108})
    'celeba at 64, cropped to 108'
    """
    if not part or not part.get("name"):
        return "unknown data"  # of a version that did not store it
    size, side = part.get("resolution"), part.get("crop_size")
    name = f"{part['name']} at {size}" if size else str(part["name"])
    if part.get("crop") == "centre":
        return f"{name}, cropped to squares"
    return f"{name}, cropped to {side}" if side else name


_NO_BOUNDS = (math.nan, math.nan)
_NO_RATIO = Effect(math.nan, math.nan, math.nan)
_LARGEST = 700.0
"""Approximate logarithm of the largest float."""

"""One claim, many settings: combines hypotheses from several studies and datasets.

A claim that holds on one dataset may fail on the next. Hypotheses that name the same wider claim
(``part_of``) are its settings, whatever their study, scale or dataset. Each keeps its own
verdict. In addition, each has the ratio by which the arm is better than its control, which makes
metrics in different units comparable; a random-effects model summarises these ratios and their
heterogeneity.

The summary takes each training into account once. Settings that compare the same trainings, at
another step or by another metric, count once; those that share trainings or a dataset are one
cluster, which has one value; below :data:`LEAST_CLUSTERS` clusters there is no summary.
Uninformative settings, and those of studies that are incomplete or deviate from what was
registered, are listed but left out.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import ogan_bench.statistics as statistics
from ogan_bench.analysis.formatting import (
    join_words,
    metric_info,
    number,
    pluralise,
    ratio_interval,
)
from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import DECISIONS, Decision, Verdict
from ogan_bench.files import Record
from ogan_bench.statistics import Effect, Interval, Summary
from ogan_bench.study.hypotheses import Comparison

CONFIDENCE = 0.95

LEAST_CLUSTERS = 3
"""Independent settings below which ratios are not summarised."""

MANY_DATASETS = 5
"""Number of datasets from which the interquartile mean with its bootstrap interval is shown; over
the few seeds of a single dataset the interval is too narrow."""


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
        return _factor(interval)


@dataclass(frozen=True)
class Claim:
    """Combined results of all settings of a claim.

    Args:
        claim: The claim in words.
        settings: In the order of studies.
        repeated: Settings that compare the same trainings as another one, by index, with its index.
        factor: Mean factor over clusters of settings, by random effects on the log scale; nan below
            :data:`LEAST_CLUSTERS`.
        new_setting: Prediction interval for the true factor in a new setting.
        summary: The random-effects summary itself, of log factors.
        interquartile: Interquartile mean of all seeds' factors over :data:`MANY_DATASETS` or more
            datasets, with its stratified bootstrap interval.
    """

    claim: str
    settings: tuple[ClaimSetting, ...]
    repeated: Mapping[int, int]
    factor: Interval
    new_setting: Interval
    summary: Summary
    interquartile: Interval | None

    @property
    def slug(self) -> str:
        """The claim in lower case with hyphens."""
        return re.sub(r"[^a-z0-9]+", "-", self.claim.lower()).strip("-")

    @property
    def verdicts(self) -> dict[Decision, int]:
        """Number of settings with each verdict."""
        counts = Counter(setting.decision for setting in self.settings)
        return {decision: counts[decision] for decision in DECISIONS if counts[decision]}

    @property
    def sentence(self) -> str:
        """The counts, the mean factor and the heterogeneity, in words."""
        parts = [join_words([f"{n} {decision}" for decision, n in self.verdicts.items()])]
        if self.repeated:
            n = len(self.repeated)
            compare = "compares" if n == 1 else "compare"
            parts.append(f"{n} of them {compare} the same trainings as another one")
        if self.summary.k >= LEAST_CLUSTERS:
            parts.append(
                f"mean ratio to control over {self.summary.k} independent settings "
                f"{ratio_interval(self.factor)} (above 1 is better)"
            )
        elif len(self.settings) > 1:
            parts.append(
                f"no mean ratio: {pluralise(self.summary.k, 'independent setting')} (those that "
                f"share trainings or a dataset count once), {LEAST_CLUSTERS} are needed"
            )
        if not math.isnan(self.new_setting.low):
            low, high = (number(end, ".3g") for end in self.new_setting[1:])
            parts.append(f"prediction interval for a new setting [{low}, {high}]")
        if self.summary.k >= LEAST_CLUSTERS:
            parts.append(f"{100 * self.summary.i2:.0f} % of the variance is between settings")
        if self.interquartile is not None:
            parts.append(f"interquartile mean over datasets {ratio_interval(self.interquartile)}")
        return "; ".join(parts)


def settings_of(results: StudyResults, verdicts: Sequence[Verdict]) -> list[ClaimSetting]:
    """The hypotheses of a study that are settings of wider claims."""
    return [_setting(results, verdict) for verdict in verdicts if verdict.hypothesis.part_of]


def find_claims(settings: Sequence[ClaimSetting]) -> list[Claim]:
    """The wider claims of the settings, in order of first appearance."""
    claims = dict.fromkeys(setting.part_of for setting in settings)
    return [
        _together(claim, [setting for setting in settings if setting.part_of == claim])
        for claim in claims
    ]


def _setting(results: StudyResults, verdict: Verdict) -> ClaimSetting:
    hypothesis = verdict.hypothesis
    dataset = results.record["arms"][verdict.finding.arms[0]]["data"]
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
        dataset=dataset_name(dataset),
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


def repeated_settings(settings: Sequence[ClaimSetting]) -> dict[int, int]:
    """Settings that compare the same trainings as another one, each with that other one.

    Of those that do, the one that was trained for longest counts, or the first of several.
    """
    best: dict[tuple[str, ...], int] = {}
    for index, setting in enumerate(settings):
        rival = best.get(setting.trainings)
        if rival is None or setting.steps > settings[rival].steps:
            best[setting.trainings] = index
    return {
        index: best[setting.trainings]
        for index, setting in enumerate(settings)
        if best[setting.trainings] != index
    }


def clusters(settings: Sequence[ClaimSetting]) -> list[int]:
    """Number of the cluster of each setting: settings that share a dataset or a training."""
    cluster = list(range(len(settings)))
    first: dict[str, int] = {}
    for index, setting in enumerate(settings):
        for shared in (setting.dataset.split(" at ")[0], *setting.trainings):
            other = first.setdefault(shared, index)
            if cluster[other] != cluster[index]:
                old, new = cluster[index], cluster[other]
                cluster = [new if number == old else number for number in cluster]
    return cluster


def _together(claim: str, settings: Sequence[ClaimSetting]) -> Claim:
    repeated = repeated_settings(settings)
    used = [
        setting
        for index, setting in enumerate(settings)
        if index not in repeated and not setting.left_out
    ]
    effects = statistics.by_cluster([setting.ratio for setting in used], clusters(used))
    summary = statistics.random_effects(
        [effect.estimate for effect in effects],
        [effect.error for effect in effects],
        [effect.freedom for effect in effects],
        confidence=CONFIDENCE,
    )
    enough = summary.k >= LEAST_CLUSTERS
    strata: dict[str, list[NDArray[np.float64]]] = {}
    for setting in used:
        if setting.by_seed.size:
            strata.setdefault(setting.dataset, []).append(setting.by_seed)
    interquartile = None
    if len(strata) >= MANY_DATASETS:
        interquartile = _factor(
            statistics.stratified_bootstrap(
                [np.concatenate(values) for values in strata.values()],
                statistics.interquartile_mean,
                confidence=CONFIDENCE,
            )
        )
    return Claim(
        claim=claim,
        settings=tuple(settings),
        repeated=repeated,
        factor=_factor(summary.interval) if enough else _UNKNOWN,
        new_setting=_factor(summary.prediction) if enough else _UNKNOWN,
        summary=summary,
        interquartile=interquartile,
    )


def _factor(log: Interval) -> Interval:
    return Interval(*(math.exp(min(value, _LARGEST)) for value in log))


def dataset_name(part: Record) -> str:
    """Display name of a dataset from its settings, such as ``fashion_mnist at 32``."""
    size = part.get("resolution")
    return f"{part['name']} at {size}" if size else str(part["name"])


_NO_BOUNDS = (math.nan, math.nan)
_UNKNOWN = Interval(math.nan, *_NO_BOUNDS)
_NO_RATIO = Effect(math.nan, math.nan, math.nan)
_LARGEST = 700.0
"""Approximate logarithm of the largest float."""

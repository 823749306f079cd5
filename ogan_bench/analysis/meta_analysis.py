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

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import ogan_bench.statistics as statistics
from ogan_bench.analysis.claim_answer import answer, what_would_change
from ogan_bench.analysis.claim_setting import CONFIDENCE, ClaimSetting, factor_of
from ogan_bench.analysis.formatting import join_words, number, pluralise, ratio_interval
from ogan_bench.analysis.verdicts import DECISIONS, Decision
from ogan_bench.statistics import Interval, Summary

LEAST_CLUSTERS = 3
"""Independent settings below which ratios are not summarised."""

MANY_DATASETS = 5
"""Number of datasets from which the interquartile mean with its bootstrap interval is shown; over
the few seeds of a single dataset the interval is too narrow."""


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
    def answer(self) -> str:
        """Whether it holds, where, at how many seeds, and how surely."""
        return answer(self.settings)

    @property
    def what_would_change_it(self) -> list[str]:
        """What its answer rests on, and which data would move it, a sentence each."""
        return what_would_change(self.settings)

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


def find_claims(settings: Sequence[ClaimSetting]) -> list[Claim]:
    """The wider claims of the settings, in order of first appearance."""
    claims = dict.fromkeys(setting.part_of for setting in settings)
    return [
        _together(claim, [setting for setting in settings if setting.part_of == claim])
        for claim in claims
    ]


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
        interquartile = factor_of(
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
        factor=factor_of(summary.interval) if enough else _UNKNOWN,
        new_setting=factor_of(summary.prediction) if enough else _UNKNOWN,
        summary=summary,
        interquartile=interquartile,
    )


_UNKNOWN = Interval(math.nan, math.nan, math.nan)

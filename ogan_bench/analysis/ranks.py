"""Ranks of the arms over the metrics of a study."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.results import StudyResults
from ogan_bench.files import Record
from ogan_bench.statistics import mean_interval


def ranked_metrics(results: StudyResults) -> list[str]:
    """Metrics of the study that have a direction."""
    return [name for name in results.record["metrics"] if metric_info(name).better is not None]


def ranks(results: StudyResults) -> list[Record]:
    """Rank of each arm by its mean, per metric, and the mean of its ranks.

    Arms are ranked among those on the same data (:meth:`StudyResults.comparable`).

    Returns:
        One row per arm: ``arm``, ``cells`` (a rank for each of :func:`ranked_metrics`, 1 is best;
        ``None`` if no arm of the group has a value) and ``mean_rank`` (nan without ranks).
    """
    table: dict[str, list[float | None]] = {arm: [] for arm in results.arms}
    groups = dict.fromkeys(tuple(results.comparable(arm)) for arm in results.arms)
    for metric in ranked_metrics(results):
        sign = 1 if metric_info(metric).better == "lower" else -1
        for arms in groups:
            means = [sign * mean_interval(results.values(arm, metric)).estimate for arm in arms]
            for arm, rank in zip(arms, average_ranks(means), strict=True):
                table[arm].append(rank)
    rows: list[Record] = []
    for arm, cells in table.items():
        known = [rank for rank in cells if rank is not None]
        mean = float(np.mean(known)) if known else math.nan
        rows.append({"arm": arm, "cells": cells, "mean_rank": mean})
    return rows


def average_ranks(values: Sequence[float]) -> list[float | None]:
    """Ranks starting at 1 for the smallest value; tied values share their mean rank.

    Missing values (nan) share the last ranks; if all are missing there are no ranks.

    >>> average_ranks([2.0, 1.0, 2.0, math.nan])
    [2.5, 1.0, 2.5, 4.0]
    """
    if all(math.isnan(value) for value in values):
        return [None] * len(values)
    keys = [math.inf if math.isnan(value) else value for value in values]
    below = [sum(other < key for other in keys) for key in keys]
    return [n + (keys.count(key) + 1) / 2 for n, key in zip(below, keys, strict=True)]

"""Comparison with a reference: does a new run of a study reproduce the stored one?"""

from __future__ import annotations

import math

import pandas as pd

from ogan_bench.analysis.results import PROTOCOL, StudyResults
from ogan_bench.statistics import Interval, difference_interval, mean_interval

COLUMNS = (
    "metric",
    "arm",
    "n",
    "reference_n",
    "mean",
    "reference_mean",
    "difference",
    "difference_low",
    "difference_high",
    "agrees",
    "note",
)


def compare(results: StudyResults, reference: StudyResults) -> pd.DataFrame:
    """Compare two runs arm by arm and metric by metric.

    Two means *agree* if the 95 % Welch interval of their difference contains 0. This does not prove
    equality: with few seeds the interval is wide, so it is shown in the table. About 1 in 20 honest
    repetitions disagrees.

    Args:
        results: This run.
        reference: The run to compare with.

    Returns:
        One row for each arm and metric present in both, with ``agrees`` one of ``yes``, ``no``,
        ``too few`` (fewer than two values in one of them) and ``not comparable`` (measured
        under different protocols; the note says how they differ, and no difference is computed).

    Raises:
        UserError: Values within one run were measured under different protocols.
    """
    rows = []
    for metric in results.metric_names:
        if metric not in reference.metric_names:
            continue
        for arm in results.arms:
            if arm not in reference.arms:
                continue
            unlike = _unlike(results, reference, metric, arm)
            own, other = results.values(arm, metric), reference.values(arm, metric)
            change = Interval(math.nan, math.nan, math.nan)
            notes = [unlike] if unlike else []
            if results.identity(arm) != reference.identity(arm):
                notes.append("the arm's settings differ")
            if unlike:
                agrees = "not comparable"
            elif len(own) < 2 or len(other) < 2:
                agrees = "too few"
            else:
                change = difference_interval(own, other)
                agrees = "yes" if change.low <= 0 <= change.high else "no"
            rows.append(
                (
                    metric,
                    arm,
                    len(own),
                    len(other),
                    mean_interval(own).estimate,
                    mean_interval(other).estimate,
                    *change,
                    agrees,
                    "; ".join(notes),
                )
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _unlike(results: StudyResults, reference: StudyResults, metric: str, arm: str) -> str:
    """How the protocols of a metric differ; empty if they agree or one has no values."""
    own, other = results.protocol(metric, arm), reference.protocol(metric, arm)
    if own is None or other is None:
        return ""
    return "; ".join(
        f"{key}: {own[key]} here, {other[key]} in the reference"
        for key in PROTOCOL
        if own[key] != other[key]
    )

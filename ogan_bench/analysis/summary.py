"""Estimates per arm and metric, the main metrics, and the median and the worst trial."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ogan_bench.analysis.degenerate import degenerate_text
from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.results import PROTOCOL, StudyResults
from ogan_bench.files import Record
from ogan_bench.statistics import correlation, standard_deviation

UNTESTED = 3
"""Number of main metrics of a study without hypotheses."""


def summarise(results: StudyResults, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Estimates per arm and metric.

    Args:
        results: The stored study.
        names: Metrics; by default all that the study names or has measured.

    Returns:
        One row per metric and arm, in the study's order: n (values), failed (planned trials without
        a value, for any reason), mean, sd, low and high (95 % t interval), difference to the
        control arm with its 95 % interval, correlation (of the paired values, over seeds) and
        paired_n (seeds whose values are paired; 0 where the interval is Welch's), floor (mean over
        trials), error (root mean square over trials of the standard error from sampling),
        members_sd (the same of the standard deviation over the classifiers of an ensemble),
        degenerate (how many values are, and why), the protocol, and notes.

    Raises:
        UserError: Values of a metric were measured under different protocols.
    """
    rows = []
    for metric in results.metric_names if names is None else names:
        for arm in results.arms:
            protocol = results.protocol(metric, arm) or dict.fromkeys(PROTOCOL)
            values = results.values(arm, metric)
            entries = results.measurements(metric, arm)
            floors = [row["floor"] for row in entries if math.isfinite(row["floor"])]
            mean, low, high = results.mean(arm, metric)
            change = results.difference(arm, results.control, metric)
            own, other, paired = results.pairs(arm, results.control, metric)
            paired = paired and not math.isnan(change.estimate)
            row = {
                "metric": metric,
                "arm": arm,
                "n": len(values),
                "failed": len(results.record["seeds"]) - len(values),
                "mean": mean,
                "sd": standard_deviation(values),
                "low": low,
                "high": high,
                "control": results.control,
                "difference": change.estimate,
                "difference_low": change.low,
                "difference_high": change.high,
                "correlation": correlation(own, other) if paired else math.nan,
                "paired_n": len(own) if paired else 0,
                "floor": float(np.mean(floors)) if floors else math.nan,
                "error": _rms([row["error"] for row in entries]),
                "members_sd": _rms([row["members_sd"] for row in entries]),
                "degenerate": degenerate_text(
                    [row["degenerate"] for row in entries if row["degenerate"]], len(values)
                ),
                **protocol,
                "notes": "; ".join(dict.fromkeys(row["note"] for row in entries if row["note"])),
            }
            rows.append(row)
    numbers = ("mean", "sd", "low", "high", "floor", "error", "members_sd")
    changes = ("difference", "difference_low", "difference_high", "correlation")
    counts = ("n", "failed", "paired_n")
    frame = pd.DataFrame(rows, dtype=object)
    return frame.astype(dict.fromkeys(counts, int) | dict.fromkeys((*numbers, *changes), float))


def _rms(numbers: Sequence[float | None]) -> float:
    """Root mean square of those that are known; nan without any."""
    known = [number for number in numbers if number is not None and math.isfinite(number)]
    return float(np.sqrt(np.mean(np.square(known)))) if known else math.nan


def main_metrics(results: StudyResults) -> list[str]:
    """The metrics that hypotheses are about, in the study's order; without any, the first ones."""
    metrics: list[str] = results.record["metrics"]
    tested = {entry.get("metric") for entry in results.record["hypotheses"]}
    chosen = [name for name in metrics if name in tested]
    return chosen or [name for name in metrics if metric_info(name).better][:UNTESTED]


def median_trial(results: StudyResults, arm: str) -> Record | None:
    """The arm's trial with the (lower) median of the first metric it has values for."""
    for metric in results.record["metrics"]:
        known = results.by_seed(arm, metric)
        if known:
            ordered = sorted(known, key=lambda seed: (known[seed], seed))
            return results.trial(arm, ordered[(len(ordered) - 1) // 2])
    return None


def worst_trial(results: StudyResults, arm: str) -> Record | None:
    """The arm's trial with the worst value of the first metric that has a direction and values.

    ``None`` if that is also the median trial.
    """
    middle = median_trial(results, arm)
    for metric in results.record["metrics"]:
        better, known = metric_info(metric).better, results.by_seed(arm, metric)
        if better is not None and known:
            sign = 1 if better == "lower" else -1
            trial = results.trial(arm, max(known, key=lambda seed: sign * known[seed]))
            return None if middle is not None and trial["seed"] == middle["seed"] else trial
    return None

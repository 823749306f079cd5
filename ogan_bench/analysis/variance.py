"""Where the variance of a metric comes from: the training seed, or the seed of its samples."""

from __future__ import annotations

import math

from ogan_bench.analysis.results import StudyResults, records
from ogan_bench.files import Record
from ogan_bench.statistics import pooled_components

Values = dict[tuple[str, str], list[list[float]]]


def variance(results: StudyResults) -> list[Record]:
    """Variance components of every metric, from trials measured with several evaluation seeds.

    A trial is a group; its values are its own result and those of its further evaluation seeds. The
    components are pooled over the arms that share their data, each with its own mean.

    Returns:
        One row per metric: ``arm`` (which arms), ``training_sd`` and ``sampling_sd`` (square roots
        of the components), ``share`` (of the training seed in the variance) and ``n`` (values).
    """
    values = _repeats(results)
    groups = dict.fromkeys(tuple(results.comparable(arm)) for arm in results.arms)
    rows = []
    for metric in results.metric_names:
        for arms in groups:
            tables = [values[arm, metric] for arm in arms if (arm, metric) in values]
            found = pooled_components(tables)
            if math.isnan(found.within) or math.isnan(found.between):
                continue
            rows.append(
                {
                    "metric": metric,
                    "arm": "all" if list(arms) == results.arms else ", ".join(arms),
                    "training_sd": math.sqrt(found.between),
                    "sampling_sd": math.sqrt(found.within),
                    "share": found.share_between,
                    "n": found.n_values,
                }
            )
    return rows


def _repeats(results: StudyResults) -> Values:
    """Arm and metric to the values of each trial that was measured with several seeds."""
    values: Values = {}
    for trial in records(results.trials.dropna(subset="path")):
        of_trial: dict[str, list[float]] = {}
        for rows in results.folder(trial["path"]).samplings().values():
            for row in rows:
                if row["value"] is not None:
                    of_trial.setdefault(row["metric"], []).append(row["value"])
        for metric, repeats in of_trial.items():
            own = results.by_seed(trial["arm"], metric).get(trial["seed"])
            if own is not None:
                values.setdefault((trial["arm"], metric), []).append([own, *repeats])
    return values

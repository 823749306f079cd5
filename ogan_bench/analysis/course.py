"""Evaluations in the course of a training: the best, the last, and the mean of the last ones.

Published tables tend to show the best evaluation of a run. It stands here beside the last and the
mean of the last ones, for a training may have left its best far behind; and a best that was picked
on the images that are reported is better than the weights deserve.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ogan_bench.analysis.formatting import described
from ogan_bench.analysis.table import StudyResults, records
from ogan_bench.errors import UserError
from ogan_bench.store import Record

LAST = 5
"""Evaluations at the end of a trial whose mean is shown, the last one included."""


def load_history(results: StudyResults) -> pd.DataFrame:
    """One row per evaluation: arm, seed, step, images, seconds, on, and a column per metric.

    Raises:
        UserError: A history is damaged.
    """
    rows: list[Record] = []
    for trial in records(results.trials.dropna(subset="path")):
        try:
            lines = results.folder(trial["path"]).history.read()
        except ValueError as error:
            raise UserError(f"{trial['path']}: damaged history ({error})") from None
        for line in lines:
            values = line.pop("metrics")
            rows.append({"arm": trial["arm"], "seed": trial["seed"], **line, **values})
    keys = ("arm", "seed", "step", "images", "seconds", "on")
    names = [key for row in rows for key in row if key not in keys]
    frame = pd.DataFrame(rows, columns=[*keys, *dict.fromkeys(names)])
    numbers = frame.columns.drop(["arm", "on"])
    return frame.astype(dict.fromkeys(numbers, float))


def course(results: StudyResults, history: pd.DataFrame) -> list[Record]:
    """What became of each metric of the study that is better one way, for every arm.

    Args:
        results: The stored study.
        history: What :func:`load_history` returns.

    Returns:
        Per metric and arm, as means over seeds: the best evaluation and its step, the last one, the
        mean and the standard deviation of the last :data:`LAST`; n (seeds), and which images were
        evaluated on.
    """
    table = []
    for metric in results.record["metrics"]:
        better = described(metric).better
        if better is None or metric not in history:
            continue
        for arm in results.arms:
            shown = history[history["arm"] == arm].dropna(subset=metric)
            seeds = [_of_trial(trial, metric, better) for _, trial in shown.groupby("seed")]
            if not seeds:
                continue
            means = {key: float(np.mean([seed[key] for seed in seeds])) for key in seeds[0]}
            where = ", ".join(dict.fromkeys(shown["on"]))
            table.append({"metric": metric, "arm": arm, "n": len(seeds), "on": where, **means})
    return table


def _of_trial(trial: pd.DataFrame, metric: str, better: str) -> dict[str, float]:
    ordered = trial.sort_values("step")
    values = ordered[metric].to_numpy(np.float64)
    best = int(values.argmin() if better == "lower" else values.argmax())
    end = values[-LAST:]
    return {
        "best": float(values[best]),
        "best_step": float(ordered["step"].iloc[best]),
        "last": float(values[-1]),
        "end": float(end.mean()),
        "end_sd": float(end.std(ddof=1)) if len(end) > 1 else math.nan,
    }

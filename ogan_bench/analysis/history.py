"""Evaluations during training: the best, the last, and the mean of the last ones.

Published tables tend to show the best evaluation of a run. Here it is shown next to the last one
and the mean of the last few, because training may have moved far from its best. A best value
selected on the same images it is reported on is optimistically biased.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.results import StudyResults, records, runs
from ogan_bench.files import Record

LAST = 5
"""Number of final evaluations of a trial whose mean is shown."""


def load_history(results: StudyResults) -> pd.DataFrame:
    """One row per evaluation: arm, seed, step, images, seconds, on, and a column per metric.

    Raises:
        UserError: A history is damaged.
    """
    keys = ("arm", "seed", "step", "images", "seconds", "on")
    rows: list[Record] = []
    names: dict[str, None] = {}
    for trial in records(results.trials.dropna(subset="path")):
        for line in results.folder(trial["path"]).read_log("history.jsonl"):
            place = {"arm": trial["arm"], "seed": trial["seed"]}
            rows.append({**line["metrics"], **line, **place})
            names |= dict.fromkeys(line["metrics"])
    frame = pd.DataFrame(rows, columns=[*keys, *(name for name in names if name not in keys)])
    numbers = frame.columns.drop(["arm", "on"])
    return frame.astype(dict.fromkeys(numbers, float))


def course(results: StudyResults, history: pd.DataFrame) -> list[Record]:
    """How each of the study's metrics with a direction developed, for every arm.

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
        better = metric_info(metric).better
        if better is None or metric not in history:
            continue
        seeds: dict[str, list[dict[str, float]]] = {arm: [] for arm in results.arms}
        where: dict[str, dict[str, None]] = {arm: {} for arm in results.arms}
        steps, values = (history[name].to_numpy(np.float64) for name in ("step", metric))
        images = history["on"].to_numpy(object)
        for arm, _, rows in runs(history):
            known = np.isfinite(values[rows])
            if known.any():
                seeds[arm].append(_of_trial(steps[rows][known], values[rows][known], better))
                where[arm] |= dict.fromkeys(images[rows][known])
        for arm, found in seeds.items():
            if found:
                means = {key: float(np.mean([seed[key] for seed in found])) for key in found[0]}
                on = ", ".join(where[arm])
                table.append({"metric": metric, "arm": arm, "n": len(found), "on": on, **means})
    return table


def _of_trial(
    steps: NDArray[np.float64], values: NDArray[np.float64], better: str
) -> dict[str, float]:
    best = int(values.argmin() if better == "lower" else values.argmax())
    end = values[-LAST:]
    return {
        "best": float(values[best]),
        "best_step": float(steps[best]),
        "last": float(values[-1]),
        "end": float(end.mean()),
        "end_sd": float(end.std(ddof=1)) if len(end) > 1 else math.nan,
    }

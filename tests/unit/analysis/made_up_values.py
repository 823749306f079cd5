"""Values of trials that hypotheses are tested on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd

from ogan_bench.analysis.results import MEASURED, StudyResults

FD, ACCURACY = "fd_classifier", "probe_accuracy"


def results(
    values: dict[str, list[float]],
    hypotheses: list[dict[str, Any]],
    *,
    metric: str = FD,
    outcomes: dict[str, list[str]] | None = None,
    data: dict[str, str] | None = None,
    members: dict[str, list[tuple[float, ...]]] | None = None,
) -> StudyResults:
    """A study of these arms, one value per seed; nan where a trial has none.

    An arm of ``members`` has them at each seed, in place of the single value.
    """
    seeds = list(range(max(len(row) for row in values.values())))
    known = outcomes or {}
    rows = [
        {
            "arm": arm,
            "seed": seed,
            "metric": metric,
            "value": value,
            "n_samples": 2000,
            "members": (members or {}).get(arm, [None] * 99)[seed],
        }
        for arm, row in values.items()
        for seed, value in enumerate(row)
        if math.isfinite(value)
    ]
    trials = [
        {
            "arm": arm,
            "seed": seed,
            "outcome": known.get(arm, ["ok" if math.isfinite(value) else "diverged"] * 99)[seed]
            if arm in known
            else ("ok" if math.isfinite(value) else "diverged"),
        }
        for arm, row in values.items()
        for seed, value in enumerate(row)
    ]
    record: dict[str, Any] = {
        "folder": "made_up",
        "arms": {arm: {"data": {"name": (data or {}).get(arm, "digits")}} for arm in values},
        "seeds": seeds,
        "metrics": [metric],
        "hypotheses": hypotheses,
        "alpha": 0.05,
    }
    frame = pd.DataFrame([{**dict.fromkeys(MEASURED), **row} for row in rows], columns=[*MEASURED])
    frame = frame.astype({"value": float, "floor": float})
    return StudyResults(Path(), record, frame, pd.DataFrame(trials), {}, ())

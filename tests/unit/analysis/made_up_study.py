"""A study of made-up values, held in memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ogan_bench.analysis.results import MEASURED, StudyResults

Settings = dict[str, Any]
NAN = math.nan


def settings(consistency: str = "pearson", weight: float = 0.5, **training: Any) -> Settings:
    return {
        "data": {"name": "digits"},
        "objective": {
            "name": "composed",
            "consistency": {"name": consistency},
            "consistency_weight": {"name": "constant", "weight": weight},
        },
        "training": {"steps": 500, "optimizer": {"name": "rmsprop", "lr": 1e-4}, **training},
    }


def study(
    arms: dict[str, Settings],
    values: Mapping[str, Mapping[str, Mapping[int, float]]],
    hypotheses: list[dict[str, Any]] | None = None,
    identities: dict[str, Settings] | None = None,
) -> StudyResults:
    """Metric -> arm -> seed -> value."""
    rows = [
        dict.fromkeys(MEASURED)
        | {"arm": arm, "seed": seed, "metric": metric, "value": value, "floor": NAN}
        for metric, of_arms in values.items()
        for arm, of_seeds in of_arms.items()
        for seed, value in of_seeds.items()
    ]
    record: dict[str, Any] = {
        "folder": "demo", "arms": arms, "identities": identities or arms, "seeds": [0, 1, 2, 3],
        "metrics": list(values), "hypotheses": hypotheses or [],
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(MEASURED), dtype=object)
    frame = frame.astype({"seed": int, "value": float, "floor": float})
    return StudyResults(Path(), record, frame, pd.DataFrame(), {}, ())


def column(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


ARM_SETTINGS = {"full": settings(), "no_term": settings("none"), "heavy": settings(weight=8)}
ERRORS = {
    "full": column(1.0, 1.2, 1.1, 1.3),
    "no_term": column(3.0, 3.3, 3.1, 3.2),
    "heavy": column(1.05, 1.1, 1.2, 1.25),
}
QUALITY = {"full": column(0.5, 0.6), "no_term": column(0.5, 0.6), "heavy": column()}
STUDY = study(ARM_SETTINGS, {"reconstruction_mse": ERRORS, "latent_rho": QUALITY})

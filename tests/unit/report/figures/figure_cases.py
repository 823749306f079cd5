"""Made-up values for every kind of figure, odd ones among them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ogan_bench.analysis.claim_setting import settings_of
from ogan_bench.analysis.meta_analysis import Claim, find_claims
from ogan_bench.analysis.results import MEASURED, StudyResults
from ogan_bench.analysis.sweeps import find_sweeps
from ogan_bench.analysis.verdicts import Verdict, judge
from ogan_bench.report import figures
from ogan_bench.report.figures import Drawing

FD, PRECISION, RECALL = "fd_classifier", "precision_classifier", "recall_classifier"
PART = "The term keeps the quality."
LONG = "a_long_name_of_an_arm_" * 12
HOSTILE = ["$x$", "$\\frac{", "<script>alert(1)</script>", "a & b -- c", "_hidden", "名前", LONG]
Values = dict[str, list[float]]
CASES: dict[str, Values] = {
    "normal": {"none": [30.1, 31.0, 28.9], "pearson": [10.0, 11.1, 12.9]},
    "one seed": {"none": [30.0], "pearson": [10.0]},
    "without values": {"none": [30.0, 31.0], "empty": []},
    "nothing at all": {"none": [], "empty": []},
    "25 arms": {f"arm_{i}": [float(i + 1), i + 2.0] for i in range(25)},
    "decades": {"none": [0.0, 0.5, 1.0], "pearson": [900.0, 1000.0, 1100.0]},
    "equal": {"none": [3.0, 3.0, 3.0], "pearson": [3.0, 3.0, 3.0]},
    "huge and tiny": {"none": [1e12, 2e12], "pearson": [1e-12, -1e-12]},
    "hostile": {name: [float(i), i + 1.0] for i, name in enumerate(HOSTILE)},
}


def study(values: Values, *claims: dict[str, Any], floor: float = math.nan) -> StudyResults:
    """Three metrics with the same values; each arm of a level of its own."""
    rows = [
        {
            "arm": arm,
            "seed": seed,
            "metric": metric,
            "value": value,
            "floor": floor,
            "curve": [[value, 0.0], [value / 2, value / 2], [0.0, value]],
        }
        for metric in (FD, PRECISION, RECALL)
        for arm, column in values.items()
        for seed, value in enumerate(column)
    ]
    record: dict[str, Any] = {
        "folder": "made_up",
        "arms": {
            arm: {"data": {"name": "digits"}, "consistency": {"weight": level**3}}
            for level, arm in enumerate(values)
        },
        "seeds": list(range(max(map(len, values.values())))),
        "metrics": [FD],
        "hypotheses": list(claims),
        "alpha": 0.05,
    }
    frame = pd.DataFrame([{**dict.fromkeys(MEASURED), **row} for row in rows], columns=[*MEASURED])
    frame = frame.astype({"value": float, "floor": float})
    trials = [
        {"arm": arm, "seed": seed, "outcome": "ok"} for arm in values for seed in record["seeds"]
    ]
    return StudyResults(
        Path(), record, frame, pd.DataFrame(trials, columns=["arm", "seed", "outcome"]), {}, ()
    )


def claims(arm: str, control: str) -> list[dict[str, Any]]:
    tests: dict[str, dict[str, Any]] = {
        "superiority": {},
        "non_inferiority": {"margin": 2},
        "equivalence": {"margin": "50%"},
    }
    return [
        {"id": f"by_{test}", "claim": f"It passes {test}.", "test": test, "metric": FD,
         "arm": arm, "control": control, "part_of": PART, **more}
        for test, more in tests.items()
    ]  # fmt: skip


def verdicts(values: Values) -> list[Verdict]:
    first, second = list(values)[:2]
    return judge(study(values, *claims(second, first)))


def wider(values: Values) -> Claim:
    """One claim of each kind, on a dataset of its own."""
    first, second = list(values)[:2]
    settings = []
    for index, dataset in enumerate(("digits", "ring", "shapes")):
        results = study(values, *claims(second, first))
        for settings_of_arm in results.record["arms"].values():
            settings_of_arm["data"]["name"] = dataset
        settings.append(settings_of(results, judge(results))[index])
    (claim,) = find_claims(settings)
    return claim


def course(values: Values) -> pd.DataFrame:
    """A log in which every value is reached in five steps, the third of which is not known."""
    steps = [(arm, seed, step) for arm, row in values.items() for seed in range(len(row))
             for step in range(5)]  # fmt: skip
    log = pd.DataFrame(steps, columns=["arm", "seed", "step"])
    ends = [values[arm][seed] * step / 4 if step != 2 else math.nan for arm, seed, step in steps]
    return log.assign(rho=np.array(ends, float), gap=-np.array(ends, float), seconds=log["step"])


def curves(values: Values) -> Drawing:
    columns = {"rho": "ρ", "gap": "a < b & $c$", "step": "step"}
    return figures.curves_figure(course(values), columns, {arm: arm for arm in values}, "Curves")


def levels(values: Values) -> Drawing:
    """Of three arms at least, for fewer make no series."""
    more: Values = {f"more_{i}": [1.0, 2.0] for i in range(3 - len(values))}
    results = study(values | more)
    return figures.levels_figure(results, FD, find_sweeps(results))


KINDS: dict[str, Callable[[Values], Drawing]] = {
    "seeds": lambda values: figures.seeds_figure(study(values, floor=2.0), FD),
    "curves": curves,
    "plane": lambda values: figures.plane_figure(study(values), RECALL, PRECISION),
    "overlap": lambda values: figures.overlap_figure(study(values), [PRECISION, RECALL]),
    "forest": lambda values: figures.forest_figure(verdicts(values)),
    "claims": lambda values: figures.claims_figure(wider(values)),
    "levels": levels,
}

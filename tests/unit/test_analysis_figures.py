"""Figures: the same bytes for the same results, no state left behind, odd inputs survive."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from ogan_bench.analysis import figures
from ogan_bench.analysis.hypotheses import Outcome, Verdict
from ogan_bench.analysis.statistics import Interval, Test
from ogan_bench.analysis.table import MEASURED, StudyResults
from ogan_bench.config import Hypothesis, Margin

ARMS = ("none", "pearson", "empty")


def results(values: dict[str, list[float]], floor: float = math.nan) -> StudyResults:
    rows = [
        dict.fromkeys(MEASURED)
        | {"arm": arm, "seed": seed, "metric": "fd_classifier", "value": value, "floor": floor}
        for arm, column in values.items()
        for seed, value in enumerate(column)
    ]
    record: dict[str, Any] = {"folder": "demo", "arms": dict.fromkeys(ARMS), "hypotheses": []}
    metrics = pd.DataFrame(rows, columns=list(MEASURED))
    return StudyResults(Path(), record, metrics, pd.DataFrame(), {}, ())


def verdict(
    test: Test = "superiority",
    outcome: Outcome = "supported",
    difference: Interval = Interval(-1.0, -2.0, -0.5),  # noqa: B008
    margin: float = 0.0,
) -> Verdict:
    hypothesis = Hypothesis(
        id="better", claim="c", metric="fd_classifier", arm="pearson", control="none", test=test,
        margin=Margin(value=margin) if margin else None,
    )  # fmt: skip
    return Verdict(
        hypothesis, outcome, (5, 5), (1.0, 2.0), difference, 0.9, margin, 0.1, 0.1, 0.9, 1, 1, ""
    )


DATA = {"none": [30.0, 31.0, 29.0], "pearson": [10.0], "empty": []}
LOG = pd.DataFrame(
    {"arm": ["none", "none", "pearson", "pearson"], "seed": [0, 0, 1, 1], "step": [0, 10, 0, 10],
     "rho": [0.1, 0.5, 0.2, math.nan]}
)  # fmt: skip
UNKNOWN = Interval(math.nan, math.nan, math.nan)

DRAWN = {
    "seeds": lambda: figures.seeds_figure(results(DATA, floor=2.0), "fd_classifier"),
    "seeds, log scale": lambda: figures.seeds_figure(
        results({"none": [1.0, 2.0], "pearson": [100.0, 900.0], "empty": []}), "fd_classifier"
    ),
    "seeds, no values": lambda: figures.seeds_figure(results({}), "fd_classifier"),
    "curves": lambda: figures.curves_figure(LOG, "rho", ARMS),
    "curves, empty": lambda: figures.curves_figure(LOG.iloc[:0], "rho", ARMS),
    "forest": lambda: figures.forest_figure(
        [
            verdict(),
            verdict("non_inferiority", "refuted", Interval(3.0, 2.0, 4.0), 1.0),
            verdict("equivalence", "inconclusive", Interval(0.0, -2.0, 2.0), 1.0),
            verdict("superiority", "inconclusive", UNKNOWN),
            verdict("superiority", "refuted", Interval(0.0, 0.0, 0.0)),
        ]
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_same_bytes_again_and_no_state(name: str) -> None:
    before = dict(mpl.rcParams)
    state: Any = np.random.get_state()  # noqa: NPY002
    first, second = DRAWN[name](), DRAWN[name]()
    assert first == second
    assert first.png.startswith(b"\x89PNG")
    assert b"<svg" in first.svg
    assert b"<dc:date>" not in first.svg
    assert dict(mpl.rcParams) == before
    after: Any = np.random.get_state()  # noqa: NPY002
    assert (after[1] == state[1]).all()
    from matplotlib import pyplot

    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 29], False), ([1, 31], True), ([0, 31], False), ([-1, 31], False), ([], False)],
)
def test_log_scale_needs_positive_values_far_apart(values: list[float], expected: bool) -> None:
    assert figures.spans_decades(np.array(values, np.float64)) is expected


def test_every_arm_keeps_its_colour() -> None:
    assert len(set(figures.colours(ARMS).values())) == 3
    assert figures.colours(ARMS)["none"] == figures.colours(ARMS[:1])["none"]


def test_different_results_differ() -> None:
    other = {**DATA, "pearson": [11.0]}
    assert DRAWN["seeds"]() != figures.seeds_figure(results(other, floor=2.0), "fd_classifier")


def test_dollars_in_names_are_no_mathematics() -> None:
    log = LOG.assign(arm="$\\frac{")
    assert figures.curves_figure(log, "rho").png

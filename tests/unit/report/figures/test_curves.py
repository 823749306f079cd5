"""Figures of curves: a line per seed, their mean, and thinning."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ogan_bench.report import figures
from tests.unit.report.figures.drawn_parts import drawn, lines_of, segments
from tests.unit.report.figures.figure_cases import CASES, curves


def test_curves_have_a_line_per_seed_and_their_mean() -> None:
    (axes, *_) = drawn(curves(CASES["normal"])).axes
    steps = np.array([0.0, 1.0, 3.0, 4.0])
    by_arm = list(CASES["normal"].values())
    ends = [*by_arm[0], *by_arm[1], *(float(np.mean(row)) for row in by_arm)]
    lines = [np.stack([steps, end * steps / 4], axis=1) for end in ends]
    assert np.array(segments(axes)) == pytest.approx(np.array(lines))
    thin, thick = (np.max(one.get_linewidth()) for one in lines_of(axes))
    assert thin < thick


def test_many_long_curves_are_thinned_with_their_ends() -> None:
    log = pd.DataFrame({"arm": "a", "seed": np.repeat(np.arange(100), 1000),
                        "step": np.tile(np.arange(1000), 100), "rho": 0.5})  # fmt: skip
    (axes,) = drawn(figures.curves_figure(log, {"rho": "ρ"}, {"a": "a"}, "T")).axes
    lines = segments(axes)
    assert len(lines) == 100 + 1
    assert {len(line) for line in lines} == {200}
    assert {(line[0][0], line[-1][0]) for line in lines} == {(0.0, 999.0)}

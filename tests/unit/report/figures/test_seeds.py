"""Figures of the values of all seeds: true intervals, scales and the noise floor."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from ogan_bench.report import figures
from ogan_bench.report.figures.panels import spans_decades
from ogan_bench.statistics import mean_interval
from tests.unit.report.figures.drawn_parts import drawn, segments, xs
from tests.unit.report.figures.figure_cases import CASES, FD, KINDS, study


def test_seeds_and_intervals_are_those_of_the_statistics() -> None:
    for case in ("normal", "one seed", "25 arms", "decades", "without values"):
        values = CASES[case]
        (axes,) = drawn(KINDS["seeds"](values)).axes
        points = {line.get_label(): xs(line) for line in axes.lines}
        assert all(list(points[arm]) == row for arm, row in values.items())
        means = [mean_interval(row) for row in values.values()]
        known = [[mean.low, mean.high] for mean in means if math.isfinite(mean.low)]
        assert [[x for x, _ in line] for line in segments(axes)] == known
        (middles,) = [one for one in axes.collections if not isinstance(one, LineCollection)]
        shown = np.ma.getdata(middles.get_offsets())[:, 0]
        assert shown == pytest.approx([mean.estimate for mean in means], nan_ok=True)
        left, right = axes.get_xlim()
        seen = [end for pair in known for end in pair] + [x for row in values.values() for x in row]
        assert left <= min(seen) <= max(seen) <= right


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1.0, 29.0], "linear"), ([0.0, 1.0, 29.0], "linear"), ([-1.0, 1.0, 99.0], "linear"),
        ([31.0] * 9 + [1.0], "log"), ([0.0, 1.0, 31.0], "symlog"),
    ],
)  # fmt: skip
def test_scales_where_values_span_decades(values: list[float], scale: str) -> None:
    arms = {f"arm_{i}": [value, value] for i, value in enumerate(values)}
    (axes,) = drawn(figures.seeds_figure(study(arms), FD)).axes
    assert axes.get_xscale() == scale
    assert spans_decades(np.array(values)) == (scale == "log")
    assert axes.get_xlim()[0] <= min(values)


def test_an_interval_below_zero_is_seen_beside_values_that_span_decades() -> None:
    (axes,) = drawn(figures.seeds_figure(study({"a": [1.0, 2.0, 5000.0]}), FD)).axes
    low = mean_interval([1.0, 2.0, 5000.0]).low
    assert axes.get_xscale() == "symlog"
    assert axes.get_xlim()[0] < low < 0


@pytest.mark.parametrize(
    ("values", "floor", "note"),
    [([5.0, 6.0], 4.5, "dashed"), ([5.0, 6.0], 0.5, "off the axis"),
     ([0.5, 60.0], 0.05, "dashed"), ([0.9999, 0.9998], 100.0, "off the axis")],
)  # fmt: skip
def test_noise_floor_is_a_line_where_values_can_still_be_told_apart(
    values: list[float], floor: float, note: str
) -> None:
    (axes,) = drawn(figures.seeds_figure(study({"a": values}, floor=floor), FD)).axes
    assert axes.get_title("right") == f"noise floor {floor:.4g}, {note}"
    lines = [line for line in axes.lines if xs(line) == [floor, floor]]
    assert len(lines) == (note == "dashed")

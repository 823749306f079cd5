"""Figures of metrics along a setting."""

from __future__ import annotations

from ogan_bench.statistics import mean_interval
from tests.unit.report.figures.drawn_parts import drawn, segments, xs, ys
from tests.unit.report.figures.figure_cases import Values, levels


def test_levels_show_every_seed_and_the_intervals() -> None:
    values: Values = {"a": [1.0, 2.0], "b": [2.0, 4.0], "c": [3.0, 5.0]}
    (axes,) = drawn(levels(values)).axes
    points, means = axes.lines
    assert [xs(points), ys(points)] == [
        [0, 0, 1, 1, 8, 8], [1, 2, 2, 4, 3, 5],
    ]  # fmt: skip
    known = [mean_interval(row) for row in values.values()]
    assert ys(means) == [mean.estimate for mean in known]
    assert [[y for _, y in line] for line in segments(axes)] == [[m.low, m.high] for m in known]
    low, high = axes.get_ylim()
    assert low < min(mean.low for mean in known) < max(mean.high for mean in known) < high

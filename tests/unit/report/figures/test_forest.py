"""Forest plots: estimates, intervals, and where claims hold."""

from __future__ import annotations

import math

import pytest
from matplotlib.colors import to_rgba

from ogan_bench.report import figures
from ogan_bench.report.figures.style import DECISIONS
from tests.unit.report.figures.drawn_parts import drawn, words, xs
from tests.unit.report.figures.figure_cases import CASES, verdicts


def test_forest_shows_estimates_intervals_and_where_claims_hold() -> None:
    found = verdicts(CASES["normal"])
    panels = drawn(figures.forest_figure(found)).axes
    assert len(panels) == 3
    for axes, verdict in zip(panels, found, strict=True):
        estimate, low, high = verdict.finding.estimate
        left, right = axes.get_xlim()
        (area,) = axes.patches
        shaded = area.get_window_extent().transformed(axes.transData.inverted())
        region = [min(max(edge, left), right) for edge in verdict.finding.region]
        assert [shaded.x0, shaded.x1] == pytest.approx(region)
        lines = [xs(line) for line in axes.lines]
        assert [low, high] in lines
        assert [estimate] in lines
        dashed = {xs(line)[0] for line in axes.lines if line.get_linestyle() == "--"}
        assert dashed == {edge for edge in verdict.finding.region if math.isfinite(edge)} - {0.0}
        colour, marker = DECISIONS[verdict.decision]
        (mark,) = [line for line in axes.lines if line.get_marker() == marker]
        assert to_rgba(mark.get_color()) == to_rgba(colour)
        assert axes.get_title("right") == verdict.decision
        assert axes.get_title("left") == verdict.hypothesis.claim.rstrip(".")


def test_hypotheses_without_values_say_so() -> None:
    assert (
        words(figures.forest_figure(verdicts(CASES["without values"])).svg).count("no values") == 3
    )

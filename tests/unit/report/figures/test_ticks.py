"""Grid lines and numbers lie where matplotlib's own ticks would, within the limits."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ogan_bench.report.figures.drawing import STYLE
from ogan_bench.report.figures.ticks import GRID_LAYER, draw_ticks


def panel(scale: str) -> Figure:
    with mpl.rc_context(STYLE):
        figure = Figure((5, 3))
        axes = figure.add_axes((0.1, 0.2, 0.8, 0.7))
        axes.set(xscale=scale, xlim=(0.9, 130), ylim=(4, -1), xlabel="step")
    return figure


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_lines_and_numbers_are_where_ticks_would_be(scale: str) -> None:
    ours, theirs = panel(scale), panel(scale)
    theirs.draw_without_rendering()
    with mpl.rc_context(STYLE):
        draw_ticks(ours)
    (axes,), (plain,) = ours.axes, theirs.axes
    grids = [one for one in axes.collections if one.get_zorder() == GRID_LAYER]
    for name, grid in zip(("x", "y"), grids, strict=True):
        assert isinstance(grid, LineCollection)
        axis = plain.xaxis if name == "x" else plain.yaxis
        low, high = sorted(axis.get_view_interval())
        ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        index = 0 if name == "x" else 1
        places = [np.asarray(line)[0][index] for line in grid.get_segments()]
        assert places == pytest.approx([tick.get_loc() for tick in ticks])
        transform = axes.get_xaxis_transform() if name == "x" else axes.get_yaxis_transform()
        texts = [text for text in axes.texts if text.get_transform() == transform]
        assert [text.get_text() for text in texts] == [tick.label1.get_text() for tick in ticks]
        assert [text.get_position()[index] for text in texts] == pytest.approx(places)
    assert "step" in [text.get_text() for text in axes.texts]
    assert not axes.xaxis.get_visible()


def test_a_hidden_axis_gets_nothing() -> None:
    figure = panel("linear")
    (axes,) = figure.axes
    axes.yaxis.set_visible(False)
    with mpl.rc_context(STYLE):
        draw_ticks(figure)
    assert len([one for one in axes.collections if one.get_zorder() == GRID_LAYER]) == 1

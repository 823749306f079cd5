"""What a drawn figure consists of: lines, marks and words."""

from __future__ import annotations

from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ogan_bench.report.figures import Drawing
from ogan_bench.report.figures.drawing import STYLE
from ogan_bench.report.figures.ticks import GRID_LAYER


def drawn(drawing: Drawing) -> Figure:
    """The objects behind a figure, with limits as they are on paper."""
    with mpl.rc_context(STYLE):
        figure = drawing.figure()
        figure.draw_without_rendering()
    return figure


def lines_of(axes: Axes) -> list[LineCollection]:
    """Collections of lines, apart from the grid."""
    return [
        one
        for one in axes.collections
        if isinstance(one, LineCollection) and one.get_zorder() > GRID_LAYER
    ]


def segments(axes: Axes) -> list[list[list[float]]]:
    """All lines of collections that can be seen."""
    seen = [line for one in lines_of(axes) for line in one.get_segments()]
    return [np.asarray(line).tolist() for line in seen if len(line)]


def xs(line: Line2D) -> list[float]:
    return [float(x) for x in np.asarray(line.get_xdata())]


def ys(line: Line2D) -> list[float]:
    return [float(y) for y in np.asarray(line.get_ydata())]


def words(svg: bytes) -> list[str]:
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()) for text in found]

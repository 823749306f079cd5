"""Grid lines, numbers and labels of the axes, drawn as few plain artists.

Matplotlib's own ticks are five artists each and take two thirds of the time of a small figure. Here
an axis gets one collection of grid lines and a text per number, at the places that its locator
chooses. All lengths are in points.
"""

from __future__ import annotations

from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

_PAD = 7.0
"""Distance of the numbers from the panel."""

_LINE = 1.0
"""Height of a line of text relative to the font size."""

GRID_LAYER = 0.5
"""Grid lines lie below everything else."""


def draw_ticks(figure: Figure) -> None:
    """Draw the visible axes of all panels, and hide matplotlib's ticks.

    Must be called once all limits are final.
    """
    for axes in figure.axes:
        for name in ("x", "y"):
            axis = getattr(axes, f"{name}axis")
            if axis.get_visible():
                _draw_axis(axes, name)
                axis.set_visible(False)


def _draw_axis(axes: Axes, name: Literal["x", "y"]) -> None:
    is_x = name == "x"
    style: Any = mpl.rcParams
    axis = axes.xaxis if is_x else axes.yaxis
    low, high = sorted(axis.get_view_interval())
    slack = 1e-9 * (high - low)
    places = axis.get_majorticklocs()
    numbers = axis.get_major_formatter().format_ticks(list(places))
    shown = [
        (float(place), number)
        for place, number in zip(places, numbers, strict=True)
        if low - slack <= place <= high + slack
    ]
    along: Any = axes.get_xaxis_transform() if is_x else axes.get_yaxis_transform()
    ends = [[(place, 0.0), (place, 1.0)] for place, _ in shown]
    lines = LineCollection(
        ends if is_x else [[(y, x) for x, y in line] for line in ends],
        colors=style["grid.color"],
        linewidths=style["grid.linewidth"],
        transform=along,
        zorder=GRID_LAYER,
    )
    axes.add_artist(lines)
    below, size = -_PAD / axes.bbox.height, style["font.size"]
    alignment: Any = (
        {"ha": "center", "va": "top"} if is_x else {"ha": "right", "va": "center_baseline"}
    )
    for place, number in shown:
        if number:
            x, y = (place, below) if is_x else (-_PAD / axes.bbox.width, place)
            axes.text(x, y, number, transform=along, color=style[f"{name}tick.color"], **alignment)
    if is_x and (label := axis.get_label_text()):
        y = below - (_LINE * size + style["axes.labelpad"]) / axes.bbox.height
        axes.text(0.5, y, label, transform=axes.transAxes, color=style["axes.labelcolor"],
                  size=style["axes.labelsize"], **alignment)  # fmt: skip

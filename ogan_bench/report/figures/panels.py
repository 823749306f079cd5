"""Panels with fixed margins, their scales, and the legend above them. All lengths are in points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from ogan_bench.analysis.formatting import number
from ogan_bench.report.figures.style import Style

WIDTH = 420.0
"""Width of a figure; 14.8 cm."""

LOG_SPAN = 30
"""Ratio of the largest to the smallest positive value from which a log scale is used."""

ON_WHITE: Any = {"va": "center", "bbox": {"facecolor": "white", "linewidth": 0, "pad": 1}}
"""Style of text that lies on lines."""

_LETTER = 0.65
"""Width of a letter relative to the font size, a slight overestimate."""

_LEGEND_SIZE, _LEGEND_ROW, _HANDLE = 8.0, 12.5, 32.0


def frame(
    rows: int,
    columns: int = 1,
    *,
    height: float | Sequence[float],
    left: float = 46,
    right: float = 18,
    top: float = 20,
    bottom: float = 32,
    legend: Mapping[str, Style] | None = None,
    dots: bool = False,
) -> tuple[Figure, list[Axes]]:
    """A figure and its panels, row by row.

    Args:
        rows: Number of panels below one another.
        columns: Number of panels beside one another.
        height: Height of a panel including its margins, of all or of each row.
        left: Margin of a panel.
        right: Margin of a panel.
        top: Margin of a panel.
        bottom: Margin of a panel.
        legend: Names to styles.
        dots: Whether the legend shows markers instead of lines.
    """
    entries = legend or {}
    across, down = _columns(list(entries))
    head = _LEGEND_ROW * down + 4 if entries else 0.0
    heights = [height] * rows if isinstance(height, int | float) else list(height)
    width, whole = WIDTH / columns, head + sum(heights)
    figure = Figure((WIDTH / 72, whole / 72))
    axes = [
        figure.add_axes(
            (
                (column * width + left) / WIDTH,
                1 - (head + sum(heights[: row + 1]) - bottom) / whole,
                (width - left - right) / WIDTH,
                (heights[row] - top - bottom) / whole,
            )
        )
        for row in range(rows)
        for column in range(columns)
    ]
    for index, (name, look) in enumerate(entries.items()):
        x, y = index // down * WIDTH / across + 6, 1 - _LEGEND_ROW * (index % down + 0.7) / whole
        xs = [(x + 9) / WIDTH] if dots else [x / WIDTH, (x + 18) / WIDTH]
        sign: Any = {"marker": look.marker} if dots else {"linestyle": look.dash, "linewidth": 2}
        figure.add_artist(Line2D(xs, [y] * len(xs), color=look.colour, **sign))
        label = fitted(name, WIDTH - _HANDLE, _LEGEND_SIZE)
        figure.text((x + 24) / WIDTH, y, label, va="center", fontsize=_LEGEND_SIZE)
    return figure, axes


def _columns(names: Sequence[str]) -> tuple[int, int]:
    """Columns and rows of a legend; matplotlib's own is slower than the rest of a small figure."""
    down = math.ceil(len(names) / max(1, int(WIDTH / (widest(names, _LEGEND_SIZE) + _HANDLE))))
    return math.ceil(len(names) / max(1, down)), down


def named(axes: Axes, names: Sequence[str]) -> None:
    """Label rows from top to bottom; row i lies at ``y = i``.

    The labels are text objects instead of ticks, which take three times as long.
    """
    axes.yaxis.set_visible(False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    place: Any = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
    for row, name in enumerate(names):
        axes.text(-6 / axes.bbox.width, row, name, **place, fontsize=9)


def widest(names: Iterable[str], size: float = 9.0) -> float:
    """Approximate width of the longest name."""
    return _LETTER * size * max(map(len, names), default=0)


def fitted(text: str, room: float, size: float = 9.0) -> str:
    """The text, with its middle elided if it is too wide.

    >>> fitted("a_very_long_name_of_an_arm", 60)
    'a_ver…_arm'
    """
    most = max(3, int(room / (_LETTER * size)))
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"


def scaled(
    axes: Axes, name: Literal["x", "y"], points: ArrayLike, ends: ArrayLike = (), room: float = 0
) -> None:
    """Set a log scale if points span decades, ``symlog`` if they include 0, and round ticks.

    Args:
        axes: The panel.
        name: Which axis.
        points: Measured values or levels.
        ends: Bounds of intervals, which must be visible but do not determine the scale.
        room: Space for one tick.
    """
    axis, seen = getattr(axes, f"{name}axis"), finite(points)
    positive, ends = seen[seen > 0], finite(ends)
    room = room or {"x": 60, "y": 26}[name]
    count = max(2, int((axes.bbox.width if name == "x" else axes.bbox.height) / room))
    locator: ticker.Locator = ticker.MaxNLocator(count, steps=[1, 2, 2.5, 5, 10])
    if spans_decades(positive) and seen.min() >= 0:
        smallest, lowest = float(positive.min()), min([*seen, *ends])
        if lowest > 0:
            getattr(axes, f"set_{name}scale")("log")
            decades = np.log10(positive.max() / smallest)
            subs = (1.0, 2.0, 5.0) if 3 * decades <= count + 1 else (1.0,)
            locator = ticker.LogLocator(subs=subs, numticks=count + 1)
        else:
            bend = 10.0 ** math.floor(math.log10(smallest))
            getattr(axes, f"set_{name}scale")("symlog", linthresh=bend)
            if lowest == 0:
                getattr(axes, f"set_{name}lim")(-0.3 * bend)
            locator = ticker.AsinhLocator(bend, numticks=count)
    axes.autoscale_view(scalex=name == "x", scaley=name == "y")
    axis.set_major_locator(locator)
    axis.set_minor_locator(ticker.NullLocator())
    axis.set_major_formatter(ticker.FuncFormatter(lambda value, _: number(value, ",g")))


def spans_decades(values: np.ndarray[Any, Any]) -> bool:
    """Whether values are positive and wide enough apart for a log scale."""
    return bool(len(values) and values.min() > 0 and values.max() > LOG_SPAN * values.min())


def finite(values: ArrayLike) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The finite values."""
    flat = np.asarray(values, np.float64).ravel()
    return flat[np.isfinite(flat)]

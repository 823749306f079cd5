"""Every trial's value of a metric, and the means of the arms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ogan_bench.analysis.formatting import estimate, metric_info
from ogan_bench.analysis.results import StudyResults
from ogan_bench.report.figures.drawing import INK, SOFT, Drawing
from ogan_bench.report.figures.panels import (
    ON_WHITE,
    WIDTH,
    finite,
    fitted,
    frame,
    named,
    scaled,
    widest,
)
from ogan_bench.report.figures.style import Style, styles
from ogan_bench.statistics import Interval

_ROW = 24.0
_ASIDE = 0.17
"""Offset of the seeds from the middle of their row, and of the mean in the other direction."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class _Panel:
    """One study: arms to their values, means and noise floor, and what marks them as failed."""

    name: str
    seen: Mapping[str, Values]
    marks: Mapping[str, str]
    means: Mapping[str, Interval]
    floor: float


def seeds_figure(results: StudyResults, metric: str, arms: Sequence[str] | None = None) -> Drawing:
    """Every trial's value as a point and each arm's mean with its 95 % t interval.

    The dashed line is the noise floor, if known.

    Args:
        results: The stored study.
        metric: Name of the metric.
        arms: Arms from top to bottom; by default all of the study, in its order.
    """
    named = {arm: results.marked_title(arm) for arm in results.arms}
    shown = {arm: named[arm] for arm in arms or results.arms}
    panel = _panel_of(results, metric, "", shown)
    return _drawing(metric, styles(list(named.values())), [panel])


def seeds_of_studies_figure(studies: Sequence[StudyResults], metric: str) -> Drawing:
    """The same of several studies, a panel for each, where an arm's name has one colour."""
    titles = [{arm: results.arm_title(arm) for arm in results.arms} for results in studies]
    panels = [
        _panel_of(results, metric, results.name, named)
        for results, named in zip(studies, titles, strict=True)
    ]
    every = dict.fromkeys(title for named in titles for title in named.values())
    return _drawing(metric, styles(list(every)), panels)


def _panel_of(results: StudyResults, metric: str, name: str, titles: Mapping[str, str]) -> _Panel:
    floors = finite([row["floor"] for row in results.measurements(metric)])
    return _Panel(
        name=name,
        seen={title: results.values(arm, metric) for arm, title in titles.items()},
        marks={title: results.mark(arm) for arm, title in titles.items()},
        means={title: results.mean(arm, metric) for arm, title in titles.items()},
        floor=float(floors.mean()) if len(floors) else math.nan,
    )


def _drawing(metric: str, looks: Mapping[str, Style], panels: Sequence[_Panel]) -> Drawing:
    return Drawing(
        f"{metric_info(metric).title} of every trial, with means and 95 % intervals per arm",
        _in_words(metric, panels),
        partial(_plot, metric, looks, panels),
    )


def _plot(metric: str, looks: Mapping[str, Style], panels: Sequence[_Panel]) -> Figure:
    left = min(0.4 * WIDTH, max(30, 10 + max(widest(panel.seen) for panel in panels)))
    heights = [_ROW * len(panel.seen) + 50 for panel in panels]
    figure, grid = frame(len(panels), height=heights, left=left, top=18)
    for axes, panel in zip(grid, panels, strict=True):
        _draw(axes, metric, looks, panel)
        named(axes, [_label(arm, panel.marks[arm], left - 8) for arm in panel.seen])
        if panel.name:
            axes.set_title(fitted(panel.name, WIDTH / 2))
    return figure


def _label(arm: str, mark: str, room: float) -> str:
    """Name of a row; a mark stands below it, so that a long name does not push it out."""
    return "\n".join(fitted(part, room) for part in (arm.removesuffix(mark), mark.strip()) if part)


def _draw(axes: Axes, metric: str, looks: Mapping[str, Style], panel: _Panel) -> None:
    info, seen, floor = metric_info(metric), panel.seen, panel.floor
    across = axes.get_yaxis_transform()
    for row, (arm, values) in enumerate(seen.items()):
        heights = row + _ASIDE + np.linspace(-0.09, 0.09, len(values)) * (len(values) > 1)
        axes.plot(values, heights, looks[arm].marker, color=looks[arm].colour, markersize=4.5,
                  markeredgewidth=0, alpha=0.6, label=arm)  # fmt: skip
        if not len(values):
            axes.text(0.01, row, "no value", transform=across, color=SOFT, **ON_WHITE)
    middles, low, high = np.array(list(panel.means.values())).T
    rows, colours = np.arange(len(seen)) - _ASIDE, [looks[arm].colour for arm in seen]
    axes.hlines(rows, low, high, colors=colours, linewidth=2)
    axes.scatter(middles, rows, s=25, color=colours, marker="D", zorder=3)
    ends = np.append(low, high)
    values = finite(np.concatenate(list(seen.values())))
    if not math.isnan(floor):
        shown = _is_shown(floor, values)
        aside = "dashed" if shown else "off the axis"
        axes.set_title(f"noise floor {floor:{info.format}}, {aside}", loc="right", color=SOFT)
        if shown:
            axes.axvline(floor, color=INK, linewidth=1, linestyle=(0, (4, 3)))
            values = np.append(values, floor)
    scaled(axes, "x", values, ends)
    arrow = {"lower": " (← better)", "higher": " (better →)", None: ""}[info.better]
    axes.set_xlabel(info.title + arrow)


def _is_shown(floor: float, values: Values) -> bool:
    """Whether values remain distinguishable on an axis (log if needed) that includes the floor."""

    def is_near(point: float, others: Values) -> bool:
        room = 2 * np.ptp(others)
        return bool(others.min() - room <= point <= others.max() + room)

    if not len(values) or is_near(floor, values):
        return True
    return min(floor, values.min()) > 0 and is_near(math.log(floor), np.log(values))


def _in_words(metric: str, panels: Sequence[_Panel]) -> str:
    """``FD, mean over seeds: none 30.1 (n = 5), pearson 29.8 (n = 5); lower is better.``"""
    info = metric_info(metric)
    said = []
    for panel in panels:
        parts = []
        for arm, values in panel.seen.items():
            shown = estimate(panel.means[arm], info.format)
            parts.append(f"{arm} {shown} (n = {len(values)})" if len(values) else f"{arm} no value")
        said.append((f"{panel.name}: " if panel.name else "") + ", ".join(parts))
    direction = f"; {info.better} is better" if info.better else ""
    return f"{info.title}, mean over seeds: {'; '.join(said)}{direction}."

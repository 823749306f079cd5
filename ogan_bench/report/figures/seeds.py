"""Every trial's value of a metric, and the means of the arms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
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


def seeds_figure(results: StudyResults, metric: str, arms: Sequence[str] | None = None) -> Drawing:
    """Every trial's value as a point and each arm's mean with its 95 % t interval.

    The dashed line is the noise floor, if known.

    Args:
        results: The stored study.
        metric: Name of the metric.
        arms: Arms from top to bottom; by default all of the study, in its order.
    """
    looks = styles([results.arm_title(arm) for arm in results.arms])
    titles = {arm: results.arm_title(arm) for arm in arms or results.arms}
    seen = {title: results.values(arm, metric) for arm, title in titles.items()}
    means = {title: results.mean(arm, metric) for arm, title in titles.items()}
    floors = finite([row["floor"] for row in results.measurements(metric)])
    floor = float(floors.mean()) if len(floors) else math.nan
    return Drawing(
        f"{metric_info(metric).title} of every trial, with means and 95 % intervals per arm",
        _in_words(metric, seen, means),
        partial(_plot, metric, looks, seen, means, floor),
    )


def _plot(
    metric: str,
    looks: Mapping[str, Style],
    seen: Mapping[str, Values],
    means: Mapping[str, Interval],
    floor: float,
) -> Figure:
    info, n = metric_info(metric), len(seen)
    left = min(0.4 * WIDTH, max(30, 10 + widest(seen)))
    figure, (axes,) = frame(1, height=_ROW * n + 50, left=left, top=18)
    across = axes.get_yaxis_transform()
    for row, (arm, values) in enumerate(seen.items()):
        heights = row + _ASIDE + np.linspace(-0.09, 0.09, len(values)) * (len(values) > 1)
        axes.plot(values, heights, looks[arm].marker, color=looks[arm].colour, markersize=4.5,
                  markeredgewidth=0, alpha=0.6, label=arm)  # fmt: skip
        if not len(values):
            axes.text(0.01, row, "no value", transform=across, color=SOFT, **ON_WHITE)
    middles, low, high = np.array(list(means.values())).T
    rows, colours = np.arange(n) - _ASIDE, [looks[arm].colour for arm in seen]
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
    named(axes, [fitted(arm, left - 8) for arm in seen])
    return figure


def _is_shown(floor: float, values: Values) -> bool:
    """Whether values remain distinguishable on an axis (log if needed) that includes the floor."""

    def is_near(point: float, others: Values) -> bool:
        room = 2 * np.ptp(others)
        return bool(others.min() - room <= point <= others.max() + room)

    if not len(values) or is_near(floor, values):
        return True
    return min(floor, values.min()) > 0 and is_near(math.log(floor), np.log(values))


def _in_words(metric: str, seen: Mapping[str, Values], means: Mapping[str, Interval]) -> str:
    """``FD, mean over seeds: none 30.1 (n = 5), pearson 29.8 (n = 5); lower is better.``"""
    info = metric_info(metric)
    parts = []
    for arm, values in seen.items():
        shown = estimate(means[arm], info.format)
        parts.append(f"{arm} {shown} (n = {len(values)})" if len(values) else f"{arm} no value")
    direction = f"; {info.better} is better" if info.better else ""
    return f"{info.title}, mean over seeds: {', '.join(parts)}{direction}."

"""Metrics against the level of one numeric setting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator
from matplotlib.transforms import ScaledTranslation

from ogan_bench.analysis.formatting import estimate, metric_info, number
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.sweeps import Sweep
from ogan_bench.report.figures.drawing import Drawing
from ogan_bench.report.figures.panels import finite, frame, scaled
from ogan_bench.report.figures.style import Style, styles

_HEIGHT = 202.0


def levels_figure(results: StudyResults, metric: str, series: Sequence[Sweep]) -> Drawing:
    """A metric along each series of arms: every seed, and means with 95 % t intervals.

    One panel for each setting that is varied, one line for each series. Levels that span
    decades are on a log scale, or on a symlog scale if they include 0.

    Args:
        results: The stored study.
        metric: Name of the metric.
        series: What :func:`ogan_bench.analysis.sweeps.find_sweeps` found.
    """
    title = metric_info(metric).title
    settings = list(dict.fromkeys(one.setting for one in series))
    return Drawing(
        f"{title} against {' and '.join(settings)}",
        f"{title}, means over seeds: {_in_words(results, metric, series)}.",
        partial(_plot, results, metric, series, settings),
    )


def _plot(
    results: StudyResults, metric: str, series: Sequence[Sweep], settings: Sequence[str]
) -> Figure:
    known = styles([one.name for one in series])
    figure, grid = frame(len(settings), height=_HEIGHT, legend=known)
    seen = [results.values(arm, metric) for one in series for _, arm in one.levels]
    ends = [results.mean(arm, metric)[1:] for one in series for _, arm in one.levels]
    for axes, setting in zip(grid, settings, strict=True):
        axes.sharey(grid[0]) if axes is not grid[0] else None
        lines = [one for one in series if one.setting == setting]
        for index, one in enumerate(lines):
            _draw(axes, results, metric, one, known[one.name], 3 * index - 1.5 * (len(lines) - 1))
        levels = sorted({level for one in lines for level, _ in one.levels})
        edges = finite([*ends, *([float(v.min()), float(v.max())] for v in seen if len(v))])
        axes.update_datalim([(level, y) for level in levels for y in edges])
        scaled(axes, "x", levels)
        scaled(axes, "y", np.concatenate(seen), ends)
        axes.xaxis.set_major_locator(FixedLocator(levels))
        axes.xaxis.set_major_formatter(FixedFormatter(_apart(axes, levels)))
        axes.set_xlabel(setting)
        axes.set_title(metric_info(metric).title)
    return figure


def _draw(
    axes: Axes, results: StudyResults, metric: str, one: Sweep, look: Style, aside: float
) -> None:
    """One series, shifted slightly so that intervals do not overlap."""
    moved = axes.transData + ScaledTranslation(aside / 72, 0, axes.figure.dpi_scale_trans)
    seen = [(level, arm, results.values(arm, metric)) for level, arm in one.levels]
    seen = [(level, arm, values) for level, arm, values in seen if len(values)]
    levels = [level for level, *_ in seen]
    xs = np.repeat(levels, [len(values) for *_, values in seen])
    ys = np.concatenate([np.empty(0), *(values for *_, values in seen)])
    axes.plot(xs, ys, look.marker, color=look.colour, markersize=4, markeredgewidth=0, alpha=0.45,
              transform=moved)  # fmt: skip
    means = [results.mean(arm, metric) for _, arm, _ in seen]
    middles, low, high = np.array(means).reshape(-1, 3).T
    axes.vlines(levels, low, high, colors=[look.colour], linewidth=1.2, transform=moved)
    axes.plot(levels, middles, look.marker, linestyle=look.dash, color=look.colour,
              linewidth=1.6, markersize=6, transform=moved, label=one.name)  # fmt: skip


def _apart(axes: Axes, levels: Sequence[float]) -> list[str]:
    """Levels as text, without those that would overlap the previous one."""
    texts, end = [], -np.inf
    for level in levels:
        text = number(level, ",.6g")
        place, half = axes.transData.transform((level, 0))[0], 2.6 * len(text)
        texts.append(text if place - half > end else "")
        end = place + half if texts[-1] else end
    return texts


def _in_words(results: StudyResults, metric: str, series: Sequence[Sweep]) -> str:
    """``weight (mse): 0.5 17.1, 4 19.0, 16 22.3``."""
    spec = metric_info(metric).format
    return "; ".join(
        f"{one.name}: "
        + ", ".join(
            f"{number(level, ',.6g')} {estimate(results.mean(arm, metric), spec)}"
            for level, arm in one.levels
        )
        for one in series
    )

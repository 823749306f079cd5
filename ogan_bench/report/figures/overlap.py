"""Curves of precision and recall between distributions: a thin line per seed, the mean thick."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from ogan_bench.analysis.formatting import metric_info, number
from ogan_bench.analysis.results import StudyResults
from ogan_bench.report.figures.curves import MOST_POINTS, Line, Trials, draw_lines
from ogan_bench.report.figures.drawing import Drawing
from ogan_bench.report.figures.panels import WIDTH, fitted, frame
from ogan_bench.report.figures.style import styles

TITLE = "Precision against recall of distributions"
_HEIGHT = 210.0


def overlap_figure(
    results: StudyResults, metrics: Sequence[str], arms: Sequence[str] | None = None
) -> Drawing:
    """Curves that were stored with their metric, a panel for each feature space.

    Points of the same place in two curves belong together, so means over seeds are point by point.

    Args:
        results: The stored study.
        metrics: Metrics with curves of recall (x) and precision (y).
        arms: Arms to show; by default all of the study.
    """
    every = [results.marked_title(arm) for arm in results.arms]
    shown = arms or results.arms
    panels: dict[str, Trials] = {
        metric_info(metric).extractor or metric: {
            results.marked_title(arm): _curves(results, metric, arm) for arm in shown
        }
        for metric in metrics
    }
    means = "; ".join(
        f"{metric_info(metric).title}: "
        + ", ".join(
            f"{results.marked_title(arm)} {number(values.mean(), metric_info(metric).format)}"
            for arm in shown
            if len(values := results.values(arm, metric))
        )
        for metric in metrics
    )
    return Drawing(TITLE, f"{TITLE}; means over seeds of {means}.", partial(_plot, panels, every))


def _curves(results: StudyResults, metric: str, arm: str) -> list[Line]:
    return [
        np.array(row["curve"], np.float64)
        for row in results.measurements(metric, arm)
        if row["curve"] is not None
    ]


def _plot(panels: Mapping[str, Trials], arms: Sequence[str]) -> Figure:
    known = {
        arm: look
        for arm, look in styles(arms).items()
        if any(trials.get(arm) for trials in panels.values())
    }
    across = min(2, len(panels))
    figure, grid = frame(math.ceil(len(panels) / across), across, height=_HEIGHT, legend=known)
    for axes, (space, trials) in zip(grid, panels.items(), strict=False):
        draw_lines(axes, trials, known, MOST_POINTS)
        axes.set_xlim(0, 1.01)
        axes.set_ylim(0, 1.01)
        axes.set_xlabel("recall")
        axes.set_title(fitted(f"precision ({space})", WIDTH / across - 50))
    return figure

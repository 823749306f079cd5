"""One metric against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ogan_bench.analysis.formatting import metric_info, number
from ogan_bench.analysis.results import StudyResults
from ogan_bench.report.figures.drawing import Drawing
from ogan_bench.report.figures.panels import frame, scaled
from ogan_bench.report.figures.style import styles

_HEIGHT = 240.0


def plane_figure(
    results: StudyResults, x: str, y: str, arms: Sequence[str] | None = None
) -> Drawing:
    """Two metrics of every trial against each other, with the mean of each arm.

    Args:
        results: The stored study.
        x: Metric on the x axis.
        y: Metric on the y axis.
        arms: Arms to show; by default all of the study.
    """
    every = [results.marked_title(arm) for arm in results.arms]
    titles = {arm: results.marked_title(arm) for arm in arms or results.arms}
    pairs = {
        title: np.array([(first[seed], second[seed]) for seed in first if seed in second])
        for arm, title in titles.items()
        for first, second in [(results.by_seed(arm, x), results.by_seed(arm, y))]
    }
    shown = {arm: points for arm, points in pairs.items() if len(points)}
    across, upwards = metric_info(x), metric_info(y)
    means = ", ".join(
        f"{arm} {number(points[:, 0].mean(), across.format)} and "
        f"{number(points[:, 1].mean(), upwards.format)}"
        for arm, points in shown.items()
    )
    return Drawing(
        f"{upwards.title} against {across.title}",
        f"{across.title} and {upwards.title}, means over seeds: {means}.",
        partial(_plot, shown, every, (across.title, upwards.title)),
    )


def _plot(
    shown: Mapping[str, NDArray[Any]], arms: Sequence[str], titles: tuple[str, str]
) -> Figure:
    known = {arm: look for arm, look in styles(arms).items() if arm in shown}
    figure, (axes,) = frame(1, height=_HEIGHT, legend=known, dots=True)
    for arm, look in known.items():
        axes.plot(*shown[arm].T, look.marker, color=look.colour, markersize=4.5, alpha=0.45,
                  markeredgewidth=0)  # fmt: skip
    for arm, look in known.items():
        axes.plot(*shown[arm].mean(axis=0), look.marker, color=look.colour, markersize=9,
                  markeredgecolor="white", label=arm)  # fmt: skip
    points = np.concatenate([*shown.values(), np.empty((0, 2))])
    scaled(axes, "x", points[:, 0])
    scaled(axes, "y", points[:, 1])
    axes.set_xlabel(titles[0])
    axes.set_title(titles[1])
    return figure

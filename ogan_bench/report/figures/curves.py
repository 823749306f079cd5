"""Quantities during training: a thin line per seed, a thick one for the mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ogan_bench.analysis.formatting import number
from ogan_bench.report.figures.drawing import Drawing
from ogan_bench.report.figures.panels import WIDTH, fitted, frame, scaled
from ogan_bench.report.figures.style import Style, styles

CURVES = {
    "rho": "ρ: correlation of z and the code of G(z)",
    "score_gap": "score gap (real − generated)",
}
"""Training curves of the report: column of the log to label."""

CODES = {
    "e_real_mean": "mean of E(x), real",
    "e_real_std": "sd of E(x), real",
    "e_fake_mean": "mean of E(x), generated",
    "e_fake_std": "sd of E(x), generated",
}
"""Columns of the log that are shown in one figure."""

MOST_POINTS, FEWEST_POINTS = 300, 12
"""Most and fewest points of one line, if it has that many."""

_OF_ALL_LINES = 20_000
"""Total points of a figure, unless that leaves too few for each line."""

Line = NDArray[np.floating[Any]]
"""Shape (n, 2)."""

_NONE = np.empty((0, 2))

Trials = dict[str, list[Line]]
"""Title of an arm to the lines of its seeds."""


def curves_figure(
    log: pd.DataFrame,
    columns: Mapping[str, str],
    arms: Mapping[str, str],
    title: str,
    x: Mapping[str, str] | None = None,
) -> Drawing:
    """Columns of a log in small panels: a thin line per seed, the mean over seeds thick.

    Args:
        log: Rows grouped by trial, with the columns arm, seed, step, and those to show.
        columns: Columns to labels, one panel each.
        arms: Titles of all arms of the study, so that each keeps its colour even if another has no
            log.
        title: Title of the figure.
        x: Columns for the x axis, with their labels; the step by default. Every column is shown
            against each of them.
    """
    along = x or {"step": "step"}
    return Drawing(
        title, _in_words(title, columns, log, arms), partial(_plot, log, columns, arms, along)
    )


def _plot(
    log: pd.DataFrame,
    columns: Mapping[str, str],
    arms: Mapping[str, str],
    along: Mapping[str, str],
) -> Figure:
    panels = [(y, x, _trials(log, x, y, arms)) for y in columns for x in along]
    known = {
        arm: look
        for arm, look in styles(list(arms.values())).items()
        if any(trials[arm] for *_, trials in panels)
    }
    count = sum(len(lines) for *_, trials in panels for lines in trials.values())
    most = min(MOST_POINTS, max(FEWEST_POINTS, _OF_ALL_LINES // max(count, 1)))
    across = min(2, len(panels))
    down = math.ceil(len(panels) / across)
    figure, grid = frame(down, across, height=180 if down == 1 else 150, legend=known)
    for axes, (y, x, trials) in zip(grid, panels, strict=False):
        draw_lines(axes, trials, known, most)
        lines = [line[:, 1] for arm in known for line in trials[arm]]
        scaled(axes, "x", ())
        scaled(axes, "y", np.concatenate([[], *lines]))
        axes.set_xlabel(along[x])
        axes.set_title(fitted(columns[y], WIDTH / across - 50))
    return figure


def draw_lines(axes: Axes, trials: Trials, known: Mapping[str, Style], most: int) -> None:
    """A thin line for each seed and a thick one for the mean, of at most so many points each."""
    thin = [(_thinned(line, most), look) for arm, look in known.items() for line in trials[arm]]
    thick = [(_thinned(_mean_of(trials[arm]), most), look) for arm, look in known.items()]
    for lines, more in (
        (thin, {"linewidths": 0.6, "alpha": 0.45}),
        (thick, {"linewidths": 1.6, "linestyles": [look.dash for look in known.values()]}),
    ):
        colours = [look.colour for _, look in lines]
        axes.add_collection(LineCollection([line for line, _ in lines], colors=colours, **more))
    axes.margins(x=0)


def _trials(log: pd.DataFrame, x: str, y: str, arms: Mapping[str, str]) -> Trials:
    """The finite values of every trial; a trial is a run of rows with one arm and one seed."""
    trials: Trials = {title: [] for title in arms.values()}
    if log.empty:
        return trials
    names, seeds = log["arm"].to_numpy(), log["seed"].to_numpy()
    changes = np.flatnonzero((names[1:] != names[:-1]) | (seeds[1:] != seeds[:-1])) + 1
    points = log[[x, y]].to_numpy(np.float64)
    for start, line in zip([0, *changes], np.split(points, changes), strict=True):
        known = line[np.isfinite(line).all(axis=1)]
        if len(known) and names[start] in arms:
            trials[arms[names[start]]].append(known)
    return trials


def _mean_of(lines: Sequence[Line]) -> Line:
    """Pointwise mean over seeds, up to the length of the shortest."""
    shortest = min(map(len, lines), default=0)
    mean: Line = np.mean([line[:shortest] for line in lines] or [_NONE], axis=0)
    return mean


def _thinned(line: Line, most: int) -> Line:
    """At most ``most`` points, evenly spaced, including the first and the last."""
    if len(line) <= most:
        return line
    chosen: Line = line[np.linspace(0, len(line) - 1, most).round().astype(int)]
    return chosen


def _in_words(
    title: str, columns: Mapping[str, str], log: pd.DataFrame, arms: Mapping[str, str]
) -> str:
    """Title, and the last values of each arm as means over its seeds."""
    parts = []
    for column, name in columns.items():
        last = log.dropna(subset=column).groupby(["arm", "seed"], sort=False)[column].last()
        means = last.groupby("arm", sort=False).mean()
        shown = ", ".join(
            f"{name} {number(float(means[arm]), '.3g')}"
            for arm, name in arms.items()
            if arm in means
        )
        parts.append(f"{name}: {shown}" if len(columns) > 1 else shown)
    return f"{title}; last values, means over seeds: {'; '.join(parts)}."

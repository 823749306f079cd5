"""Figures of a study, as bytes that are the same for the same results.

Drawn with matplotlib's objects and the Agg canvas: no pyplot, so no state is left behind. Every
seed is shown; intervals are the tables' own (Student's t, Welch), never a plotting library's.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ogan_bench.analysis.formatting import described
from ogan_bench.analysis.hypotheses import Verdict
from ogan_bench.analysis.statistics import mean_interval
from ogan_bench.analysis.table import StudyResults

LOG_SPAN = 30
"""Ratio of the largest to the smallest positive value from which a log scale is used."""

CURVES = {
    "rho": "ρ: correlation of z and the code of G(z)",
    "score_gap": "score of real less score of generated",
    "e_real_mean": "mean of E(x) on real images",
}
"""Training curves of the report: column of the log -> what it is called."""

OUTCOME_COLOURS = {"supported": "#1a7f4b", "refuted": "#b3261e", "inconclusive": "#6b7280"}

_STYLE: Any = {
    "axes.edgecolor": "#9aa1ab",
    "axes.labelcolor": "#1f2430",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "axes.unicode_minus": True,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.07,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": "#e4e7eb",
    "grid.linewidth": 0.8,
    "legend.borderaxespad": 0.2,
    "svg.hashsalt": "ogan_bench",
    "xtick.color": "#4b5563",
    "ytick.color": "#4b5563",
}


@dataclass(frozen=True)
class Image:
    """A drawn figure in both formats."""

    png: bytes
    svg: bytes


def colours(arms: Sequence[str]) -> dict[str, tuple[float, float, float]]:
    """One colour per arm, the same in every figure of the study; safe for colour-blind eyes."""
    import seaborn as sns

    palette = sns.color_palette("colorblind", len(arms))
    return {arm: (r, g, b) for arm, (r, g, b) in zip(arms, palette, strict=True)}


def seeds_figure(results: StudyResults, metric: str) -> Image:
    """Every trial's value as a point and each arm's mean with its 95 % t interval.

    Arms from top to bottom in the study's order. The dashed line is the noise floor, where known.
    """
    info = described(metric)
    palette = colours(results.arms)
    floors = [row["floor"] for row in results.measurements(metric) if math.isfinite(row["floor"])]
    seen = [results.values(arm, metric) for arm in results.arms]
    with rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 0.9 + 0.42 * len(results.arms)))
        axes = figure.subplots()
        for y, (arm, values) in enumerate(zip(results.arms, seen, strict=True)):
            if not len(values):
                axes.annotate(
                    "no value", (0.01, y), xycoords=axes.get_yaxis_transform(),
                    va="center", color="#6b7280", fontstyle="italic",
                )  # fmt: skip
                continue
            offsets = y + 0.2 + np.linspace(-0.07, 0.07, len(values)) * (len(values) > 1)
            axes.scatter(
                values, offsets, s=16, color=palette[arm], alpha=0.65, linewidths=0, zorder=2
            )
            mean, low, high = mean_interval(values)
            if math.isfinite(low):
                axes.plot([low, high], [y - 0.12] * 2, color=palette[arm], linewidth=2.2, zorder=3)
            axes.plot([mean], [y - 0.12], "D", color=palette[arm], markersize=5.5, zorder=4)
        values, floor = np.concatenate(seen), np.array(floors, np.float64)
        is_log = spans_decades(np.concatenate([values, floor]))
        if floors and (is_log or _is_near(floor.mean(), values)):
            axes.axvline(
                floor.mean(), color="#1f2430", linewidth=1, linestyle=(0, (4, 3)), zorder=1,
                label="noise floor",
            )  # fmt: skip
            figure.legend(frameon=False, loc="outside upper right", fontsize=8)
        elif floors:
            axes.set_title(f"noise floor {floor.mean():{info.format}}, off the axis", loc="right")
        arrow = {"lower": " (← better)", "higher": " (better →)", None: ""}[info.better]
        axes.set_xlabel(info.title + arrow)
        axes.set_yticks(range(len(results.arms)), [_plain(arm) for arm in results.arms])
        axes.set_ylim(len(results.arms) - 0.5, -0.5)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.tick_params(left=False)
        axes.spines["left"].set_visible(False)
        if is_log:
            axes.set_xscale("log")
        return _render(figure)


def _is_near(floor: float, values: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Whether an axis that shows the floor still tells the values apart."""
    if not len(values):
        return True
    span = values.max() - values.min()
    return bool(values.min() - 2 * span <= floor <= values.max() + 2 * span)


def curves_figure(log: pd.DataFrame, column: str, arms: Sequence[str] | None = None) -> Image:
    """Training curves of one logged quantity: a thin line per seed, a colour per arm.

    Args:
        log: What :func:`load_log` returns.
        column: A column of it.
        arms: All arms of the study, so that each keeps its colour where another has no log.
    """
    arms = list(dict.fromkeys(log["arm"])) if arms is None else arms
    with rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 3.0))
        axes = figure.subplots()
        _lines(axes, log, "step", column, arms)
        axes.set_xlabel("step")
        axes.set_ylabel(CURVES.get(column, column.replace("_", " ")))
        return _with_legend(figure, axes)


def course_figure(history: pd.DataFrame, metric: str, arms: Sequence[str]) -> Image:
    """A metric against the images seen and against the seconds of training, a line per seed.

    Args:
        history: What :func:`~ogan_bench.analysis.course.load_history` returns.
        metric: A column of it.
        arms: All arms of the study, so that each keeps its colour.
    """
    with rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 3.0))
        by_images, by_seconds = figure.subplots(1, 2, sharey=True)
        for axes, x, label in (
            (by_images, "images", "images seen"),
            (by_seconds, "seconds", "seconds of training"),
        ):
            _lines(axes, history, x, metric, arms)
            axes.set_xlabel(label)
        by_images.set_ylabel(described(metric).title)
        return _with_legend(figure, by_images)


def _lines(axes: Axes, log: pd.DataFrame, x: str, y: str, arms: Sequence[str]) -> None:
    palette, shown = colours(arms), log.dropna(subset=y)
    for arm in arms:
        label: str | None = _plain(arm)
        for _, line in shown[shown["arm"] == arm].groupby("seed", sort=True):
            axes.plot(line[x], line[y], color=palette[arm], linewidth=0.9, alpha=0.75, label=label)
            label = None
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    if spans_decades(shown[y].to_numpy(np.float64)):
        axes.set_yscale("log")


def _with_legend(figure: Figure, axes: Axes) -> Image:
    if axes.lines:
        handles, labels = axes.get_legend_handles_labels()
        legend = figure.legend(
            handles, labels, frameon=False, loc="outside right upper", fontsize=8
        )
        for handle in legend.get_lines():
            handle.set(linewidth=2.5, alpha=1)
    return _render(figure)


def forest_figure(verdicts: Sequence[Verdict]) -> Image:
    """Difference of arm and control with its interval for each hypothesis, and its margin.

    One panel per hypothesis, because their units differ. The line at zero is no difference; the
    shaded side (or band) is where the claim holds.
    """
    with rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 0.3 + 1.05 * len(verdicts)))
        grid = figure.subplots(len(verdicts), 1, squeeze=False)
        for axes, verdict in zip(grid[:, 0], verdicts, strict=True):
            _forest_panel(axes, verdict)
        return _render(figure)


def spans_decades(values: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Whether values are positive and wide enough apart for a log scale."""
    return bool(len(values) and values.min() > 0 and values.max() > LOG_SPAN * values.min())


def _forest_panel(axes: Axes, verdict: Verdict) -> None:
    hypothesis, difference, margin = verdict.hypothesis, verdict.difference, verdict.margin
    info = described(hypothesis.metric)
    colour = OUTCOME_COLOURS[verdict.outcome]
    marks = [0.0, margin, -margin] if hypothesis.test == "equivalence" else [0.0]
    side = 1 if info.better == "higher" else -1
    edge = {"superiority": side * margin, "non_inferiority": -side * margin}.get(hypothesis.test)
    marks += [edge] if edge is not None else []
    points = [x for x in (*marks, *difference) if math.isfinite(x)]
    reach = (max(points) - min(points)) or abs(points[0]) or 1.0
    left, right = min(points) - 0.12 * reach, max(points) + 0.12 * reach
    claim = (-margin, margin) if edge is None else (edge, right) if side > 0 else (left, edge)
    axes.axvspan(*claim, color="#1a7f4b", alpha=0.09, linewidth=0)
    axes.axvline(0, color="#4b5563", linewidth=1)
    for mark in {*marks} - {0.0}:
        axes.axvline(mark, color="#4b5563", linewidth=1, linestyle=(0, (3, 2)))
    if math.isfinite(difference.low):
        axes.plot(difference[1:], [0, 0], color=colour, linewidth=2.4, solid_capstyle="butt")
    if math.isfinite(difference.estimate):
        axes.plot([difference.estimate], [0], "s", color=colour, markersize=6)
    else:
        axes.text(0.02, 0.45, "no values", transform=axes.transAxes, color=colour)
    axes.set_xlim(left, right)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=6)
    axes.set_title(
        _plain(f"{hypothesis.id}: {info.title}, {hypothesis.arm} − {hypothesis.control}"),
        loc="left",
    )
    axes.set_title(verdict.outcome, loc="right", color=colour)


def _plain(text: str) -> str:
    """Text without the sign that starts mathematics in matplotlib."""
    return text.replace("$", r"\$")


def _render(figure: Figure) -> Image:
    FigureCanvasAgg(figure)
    png, svg = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png", dpi=160, metadata={"Software": None})
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.clear()
    return Image(png.getvalue(), svg.getvalue())

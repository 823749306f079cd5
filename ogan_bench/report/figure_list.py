"""The figures in a study's report."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.results import StudyResults
from ogan_bench.report import figures
from ogan_bench.report.figures import Drawing

PLANES = (("precision", "recall"), ("density", "coverage"))
"""Metrics of one feature space that are plotted against each other: y axis, then x axis."""


def drawings(analysis: Analysis) -> dict[str, Drawing]:
    """File name without extension to figure, in the order of the report."""
    results, log = analysis.results, analysis.log
    arms = {arm: results.arm_title(arm) for arm in results.arms}
    drawn: dict[str, Drawing] = {}
    if analysis.verdicts:
        drawn["forest"] = figures.forest_figure(analysis.verdicts)
    for metric in results.record["metrics"]:
        drawn[f"seeds-{metric}"] = figures.seeds_figure(results, metric)
    for metric in analysis.sweep_metrics:
        drawn[f"level-{metric}"] = figures.levels_figure(results, metric, analysis.sweeps)
    for name, y, x in _planes(results):
        drawn[f"plane-{name}"] = figures.plane_figure(results, x, y)
    for column, name in figures.CURVES.items():
        if log[column].notna().any():
            title = f"Training curves: {name}"
            drawn[f"curve-{column}"] = figures.curves_figure(log, {column: name}, arms, title)
    codes = {name: title for name, title in figures.CODES.items() if log[name].notna().any()}
    if codes:
        title = "Training curves: mean and standard deviation of E(x)"
        drawn["curve-codes"] = figures.curves_figure(log, codes, arms, title)
    for metric in _followed(results, analysis.history):
        info = metric_info(metric)
        title = f"{info.title} during training"
        kind = "mechanism" if info.group == "mechanism" else "course"
        drawn[f"{kind}-{metric}"] = figures.curves_figure(
            analysis.history,
            {metric: info.title},
            arms,
            title,
            {"images": "images seen", "seconds": "seconds of training"},
        )
    return drawn


def _planes(results: StudyResults) -> Iterator[tuple[str, str, str]]:
    """Name of the figure and its two metrics, for each feature space that has both."""
    measured = [name for name in results.metric_names if any(
        len(results.by_seed(arm, name)) for arm in results.arms
    )]  # fmt: skip
    for y, x in PLANES:
        for metric in measured:
            space = metric.removeprefix(f"{y}_")
            if space != metric and f"{x}_{space}" in measured:
                yield f"{y}_{x}-{space}", metric, f"{x}_{space}"


def _followed(results: StudyResults, history: pd.DataFrame) -> list[str]:
    """Metrics of the study and of the mechanism that were evaluated during training."""
    mechanism = [name for name in history.columns if metric_info(name).group == "mechanism"]
    wanted = dict.fromkeys([*results.record["metrics"], *mechanism])
    return [name for name in wanted if name in history and history[name].notna().any()]

"""The figures of a study's report: all there are, and the main ones that are drawn by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, get_args

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.analysis.formatting import metric_info
from ogan_bench.errors import UserError
from ogan_bench.report import figures
from ogan_bench.report.figures import Drawing

PLANES = (("precision", "recall"), ("density", "coverage"))
"""Metrics of one feature space that are plotted against each other: y axis, then x axis."""

OVERLAP = "prd"
"""Name of the figure of precision and recall between distributions."""

Selection = Literal["main", "all"]

SELECTIONS: tuple[Selection, ...] = get_args(Selection)
"""Which figures are drawn; ``main``: see :func:`main_figures`."""


def drawings(analysis: Analysis, selection: Selection = "main") -> dict[str, Drawing]:
    """File name without extension to figure, in the order of the report.

    Raises:
        UserError: There is no such selection.
    """
    if selection not in SELECTIONS:
        raise UserError(f"figures: no {selection!r}; known: {', '.join(SELECTIONS)}")
    known = _figures(analysis)
    main = main_figures(analysis)
    return {name: draw() for name, draw in known.items() if selection == "all" or name in main}


def count_figures(analysis: Analysis) -> int:
    """Number of figures there are for a study."""
    return len(_figures(analysis))


def main_figures(analysis: Analysis) -> set[str]:
    """Names of the figures that show what the study is about.

    These are the hypotheses' estimates, the trials' values of the main metrics, the correlation of
    z and its code during training, and curves of precision and recall where they were measured. A
    metric is shown once: along the sweep if all arms are on it, otherwise arm by arm.
    """
    swept = {arm for sweep in analysis.sweeps for _, arm in sweep.levels}
    kinds = [
        *(["level"] if swept else []),
        *(["seeds"] if swept != set(analysis.arms) else []),
    ]
    shown = {f"{kind}-{metric}" for kind in kinds for metric in analysis.main_metrics}
    curves = {f"plane-{OVERLAP}"} if _with_curves(analysis) else set()
    return {"forest", "curve-rho", *curves, *shown}


def _figures(analysis: Analysis) -> dict[str, Callable[[], Drawing]]:
    """Name to what makes the figure, in the order of the report."""
    results, log = analysis.results, analysis.log
    arms = {arm: results.marked_title(arm) for arm in results.arms}
    found: dict[str, Callable[[], Drawing]] = {}
    if analysis.verdicts:
        found["forest"] = partial(figures.forest_figure, analysis.verdicts)
    for metric in analysis.drawn_metrics:
        found[f"seeds-{metric}"] = partial(figures.seeds_figure, results, metric, analysis.arms)
    for metric in analysis.main_metrics if analysis.sweeps else ():
        draw = partial(figures.levels_figure, results, metric, analysis.sweeps)
        found[f"level-{metric}"] = draw
    for name, y, x in _planes(analysis):
        found[f"plane-{name}"] = partial(figures.plane_figure, results, x, y, analysis.arms)
    if with_curves := _with_curves(analysis):
        draw = partial(figures.overlap_figure, results, with_curves, analysis.arms)
        found[f"plane-{OVERLAP}"] = draw
    for column, name in figures.CURVES.items():
        if log[column].notna().any():
            title = f"Training curves: {name}"
            draw = partial(figures.curves_figure, log, {column: name}, arms, title)
            found[f"curve-{column}"] = draw
    codes = {name: title for name, title in figures.CODES.items() if log[name].notna().any()}
    if codes:
        title = "Training curves: mean and standard deviation of E(x)"
        found["curve-codes"] = partial(figures.curves_figure, log, codes, arms, title)
    for metric in _followed(analysis):
        info = metric_info(metric)
        kind = "mechanism" if info.group == "mechanism" else "course"
        found[f"{kind}-{metric}"] = partial(
            figures.curves_figure,
            analysis.history,
            {metric: info.title},
            arms,
            f"{info.title} during training",
            {"images": "images seen", "seconds": "seconds of training"},
        )
    return found


def _planes(analysis: Analysis) -> Iterator[tuple[str, str, str]]:
    """Name of the figure and its two metrics, for each feature space that has both."""
    results, shown = analysis.results, _shown(analysis)
    measured = [name for name in results.metric_names if name in shown and any(
        len(results.by_seed(arm, name)) for arm in analysis.arms
    )]  # fmt: skip
    for y, x in PLANES:
        for metric in measured:
            space = metric.removeprefix(f"{y}_")
            if space != metric and f"{x}_{space}" in measured:
                yield f"{y}_{x}-{space}", metric, f"{x}_{space}"


def _with_curves(analysis: Analysis) -> list[str]:
    """Metrics whose curves are stored with some trial of the arms that are shown."""
    metrics = analysis.results.metrics
    drawn = metrics[metrics["curve"].notna() & metrics["arm"].isin(analysis.arms)]
    return [name for name in drawn["metric"].unique() if name in _shown(analysis)]


def _shown(analysis: Analysis) -> set[str]:
    """Metrics of the tables."""
    tables = (analysis.rows, *analysis.further)
    return {cell["metric"] for rows in tables for cell in rows[0]["cells"]}


def _followed(analysis: Analysis) -> list[str]:
    """Metrics of the figures and of the mechanism that were evaluated during training."""
    history = analysis.history
    mechanism = [name for name in history.columns if metric_info(name).group == "mechanism"]
    wanted = dict.fromkeys([*analysis.drawn_metrics, *mechanism])
    return [name for name in wanted if name in history and history[name].notna().any()]

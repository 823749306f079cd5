"""Some arms and metrics of an analysis, chosen for a table or a figure.

A selection changes what is shown and nothing that is computed: marks compare all arms of the study,
and verdicts are on all of its hypotheses.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ogan_bench.analysis.ablation import ablation
from ogan_bench.analysis.formatting import join_words
from ogan_bench.analysis.results import records
from ogan_bench.analysis.sweeps import FEWEST
from ogan_bench.errors import UserError, did_you_mean, listed
from ogan_bench.files import Record

if TYPE_CHECKING:
    from ogan_bench.analysis.analyse import Analysis


def selected(
    analysis: Analysis, arms: Sequence[str] | None = None, metrics: Sequence[str] | None = None
) -> Analysis:
    """An analysis whose tables and figures have these arms and metrics, in this order.

    Ranks are left out, because they are among all arms. Verdicts, methods, costs and the record of
    the trials stay as they are.

    Args:
        analysis: Of the whole study.
        arms: Names of arms; all by default.
        metrics: Metrics of the study, or others that were measured, in one table; all by default,
            in the tables that they are in.

    Raises:
        UserError: There is no such arm or metric.
    """
    if arms is None and metrics is None:
        return analysis
    results = analysis.results
    cells = {
        (row["arm"], cell["metric"]): cell
        for rows in (analysis.rows, *analysis.further)
        for row in rows
        for cell in row["cells"]
    }
    known = list(dict.fromkeys(metric for _, metric in cells))
    problems = [
        *_unknown("arm", arms or (), results.arms),
        *_unknown("metric", metrics or (), known),
    ]
    if problems:
        raise UserError("\n".join(f"{results.name}: {problem}" for problem in problems))
    arms = list(dict.fromkeys(results.arms if arms is None else arms))
    own = {row["arm"]: row for row in analysis.rows}

    def table(names: Sequence[str]) -> list[Record]:
        return [{**own[arm], "cells": [cells[arm, name] for name in names]} for arm in arms]

    if metrics is None:
        names, tables = (
            known,
            [table(_metrics(rows)) for rows in (analysis.rows, *analysis.further)],
        )
        drawn, main = analysis.drawn_metrics, analysis.main_metrics
    else:
        names = list(dict.fromkeys(metrics))
        tables = [table(names)]
        drawn = main = names
    changes = ablation(results, _metrics(tables[0]))
    by_arm = {row["arm"]: row for row in changes.rows}
    changes = dataclasses.replace(changes, rows=[by_arm[arm] for arm in arms if arm in by_arm])
    estimates = analysis.estimates.set_index(["metric", "arm"], drop=False)
    estimates = estimates.loc[[(metric, arm) for metric in names for arm in arms]]
    levels = [
        dataclasses.replace(
            sweep, levels=tuple(level for level in sweep.levels if level[1] in arms)
        )
        for sweep in analysis.sweeps
    ]
    return dataclasses.replace(
        analysis,
        shown=_in_words((len(arms), len(results.arms), "arm"), (len(names), len(known), "metric")),
        arms=arms,
        estimates=estimates.reset_index(drop=True),
        summary=records(estimates),
        rows=tables[0],
        further=tables[1:],
        ablation=changes,
        ranks=[],
        sweeps=[sweep for sweep in levels if len(sweep.levels) >= FEWEST],
        main_metrics=main,
        drawn_metrics=drawn,
        log=analysis.log[analysis.log["arm"].isin(arms)],
        history=analysis.history[analysis.history["arm"].isin(arms)],
        median_trials={arm: row for arm, row in analysis.median_trials.items() if arm in arms},
        worst_trials={arm: row for arm, row in analysis.worst_trials.items() if arm in arms},
    )


def _metrics(rows: Sequence[Record]) -> list[str]:
    """The metrics of a table of means."""
    return [cell["metric"] for cell in rows[0]["cells"]]


def _unknown(kind: str, given: Sequence[str], known: Sequence[str]) -> list[str]:
    """A line that names what is not known, what may have been meant, and all that is known."""
    names = [name for name in given if name not in known]
    if not names:
        return []
    every = f" Known: {listed(known)}."
    hints = dict.fromkeys(did_you_mean(name, known) for name in names)
    meant = [hint for hint in hints if hint != every]
    return [f"no {kind} {', '.join(map(repr, names))}.{''.join(meant)}{every}"]


def _in_words(*counts: tuple[int, int, str]) -> str:
    """How many of all arms and metrics are shown; empty if all are."""
    parts = [f"{n} of {of} {noun}s" for n, of, noun in counts if n < of]
    if not parts:
        return ""
    shown = f"Shown: {join_words(parts)} of the study."
    return f"{shown} Marks compare all arms, and all verdicts are given."

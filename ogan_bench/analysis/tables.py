"""The sections of a report as plain tables, ready for the templates."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ogan_bench.analysis.formatting import MISSING, metric_info, number
from ogan_bench.analysis.marks import leader
from ogan_bench.analysis.results import OUTCOMES, StudyResults, records
from ogan_bench.analysis.trial_rows import COSTS
from ogan_bench.files import Record
from ogan_bench.metrics import Metric

LOGGED = {
    "rho": "ρ",
    "score_gap": "score gap",
    "e_real_mean": "E(x) mean",
    "e_real_std": "E(x) sd",
    "e_fake_mean": "E(G(z)) mean",
    "e_fake_std": "E(G(z)) sd",
}
"""Columns of the training log whose last values show how training went."""


COLUMNS = 7
"""The most metrics in one table of means: more cannot be read side by side."""


def columns(results: StudyResults) -> list[list[str]]:
    """All metrics by table, at most :data:`COLUMNS` each; the first is the main table's.

    The study's own come first, those that hypotheses are about before the others; then, in tables
    of their own, whatever else was measured and has a value.
    """
    tested = {entry.get("metric") for entry in results.record["hypotheses"]}
    own = sorted(results.record["metrics"], key=lambda name: name not in tested)
    measured = results.metrics.loc[results.metrics["value"].notna(), "metric"]
    others = [name for name in dict.fromkeys(measured) if name not in own]
    return [
        names[start : start + COLUMNS]
        for names in (own, others)
        for start in range(0, len(names), COLUMNS)
    ]


def means(results: StudyResults, summary: pd.DataFrame, metrics: Sequence[str]) -> list[Record]:
    """One row per arm: its name and one cell for each of the metrics."""
    best = {metric: leader(results, metric) for metric in metrics}
    entries = {(row["arm"], row["metric"]): row for row in records(summary)}
    return [
        {
            "arm": arm,
            "is_control": arm == results.control,
            "cells": [entries[arm, metric] | {"best": best[metric] == arm} for metric in metrics],
        }
        for arm in results.arms
    ]


def control_text(results: StudyResults) -> str:
    """Which arm the control is, and by which rule."""
    control, rule = results.control_and_rule
    return f"The control of all differences is {results.arm_title(control)}, {rule}."


def outcomes(results: StudyResults) -> list[Record]:
    """Number of trials of each arm by outcome."""
    table = []
    for arm in results.arms:
        rows = [row for row in results.planned if row["arm"] == arm]
        counts = Counter(row["outcome"] for row in rows)
        table.append(
            {"arm": arm, "planned": len(rows), **{name: counts[name] for name in OUTCOMES}}
        )
    return table


def health(results: StudyResults, log: pd.DataFrame) -> list[Record]:
    """Outcomes of each arm's trials, and medians over seeds of the last logged values, as text.

    Args:
        results: The stored study.
        log: What :func:`ogan_bench.analysis.loading.load_log` returns.
    """
    last = log.groupby(["arm", "seed"], sort=False).last(numeric_only=True)
    medians = last.groupby("arm", sort=False).median()
    shown = [name for name in LOGGED if name in medians and medians[name].notna().any()]
    speed = results.trials.groupby("arm", sort=False)["images_per_second"].median()
    table = []
    for row in outcomes(results):
        arm = row["arm"]
        logged = {
            LOGGED[name]: number(float(medians[name].get(arm, math.nan)), ".3g") for name in shown
        }
        table.append(row | logged | {"images/s": number(speed[arm], ",.0f")})
    return table


def notes(results: StudyResults) -> list[str]:
    """Reasons for trials that did not end well, and notes on measurements."""
    reasons = [
        f"{row['arm']}/seed-{row['seed']} {row['outcome']}: {row['reason']}"
        for row in results.planned
        if isinstance(row["reason"], str)
    ]
    noted: dict[tuple[str, str], list[str]] = {}
    for row in records(results.metrics):
        if row["note"]:
            trial = f"{row['arm']}/seed-{row['seed']}"
            noted.setdefault((metric_info(row["metric"]).title, row["note"]), []).append(trial)
    measured = results.metrics.groupby(["arm", "seed"]).ngroups
    return reasons + [
        f"{title}: {note} ({'all trials' if len(trials) == measured else ', '.join(trials)})"
        for (title, note), trials in noted.items()
    ]


def cost(results: StudyResults) -> list[Record]:
    """Median cost of an arm's finished trials, and cost of a step relative to the control's.

    The multiples are under ``times``: training time, arithmetic and memory of one step.
    """
    columns = [
        "seconds", *COSTS, "evaluation_seconds", "encoder_parameters", "generator_parameters",
    ]  # fmt: skip
    table: list[Record] = []
    for arm in results.arms:
        rows = results.trials[results.trials["arm"] == arm]
        known = {name: rows[name].to_numpy(np.float64) for name in columns}
        finite = {name: values[np.isfinite(values)] for name, values in known.items()}
        medians = {
            name: float(np.median(values)) if len(values) else math.nan
            for name, values in finite.items()
        }
        table.append({"arm": arm, "n": len(finite["seconds"]), **medians})
    control = next(row for row in table if row["arm"] == results.control)
    for row in table:
        times = {name: row[name] / control[name] for name in COSTS}
        row["times"] = {**times, "images_per_second": 1 / times["images_per_second"]}
    return table


def published(results: StudyResults) -> list[Record]:
    """The tables that the study quotes from the literature, with their column titles."""
    tables = []
    for quoted in results.record.get("published", []):
        metrics = dict.fromkeys(name for found in quoted["values"].values() for name in found)
        rows = [
            {"system": system, "cells": [found.get(name, MISSING) for name in metrics]}
            for system, found in quoted["values"].items()
        ]
        tables.append(
            quoted | {"titles": [metric_info(name).title for name in metrics], "rows": rows}
        )
    return tables


def definitions(results: StudyResults) -> dict[str, Metric]:
    """Name to definition of every metric, with a remark if its values are of earlier protocols."""
    found = {}
    for name in results.metric_names:
        metric = metric_info(name)
        of_metric = results.metrics[results.metrics["metric"] == name]
        measured = of_metric.loc[of_metric["value"].notna(), "protocol"].dropna()
        earlier = sorted(set(measured.unique()) - {metric.protocol})
        if earlier:
            remark = (
                f"This describes protocol {metric.protocol}; the values here are of protocol "
                f"{', '.join(earlier)}, an earlier computation."
            )
            metric = dataclasses.replace(metric, definition=f"{metric.definition} {remark}")
        found[name] = metric
    return found


def floors(results: StudyResults) -> list[Record]:
    """Mean of what finite samples or chance alone would give, per metric that has it.

    ``kind`` is "noise floor" where less is better: what finite samples of a perfect model give. It
    is "chance level" where more is better: what a guess gives.
    """
    table = []
    groups = dict.fromkeys(tuple(results.comparable(arm)) for arm in results.arms)
    for metric in results.metric_names:
        for arms in groups:
            rows = [row for row in results.measurements(metric) if row["arm"] in arms]
            known = [row["floor"] for row in rows if math.isfinite(row["floor"])]
            protocol = results.protocol(metric, arms[0])
            if known and protocol is not None:
                kind = "chance level" if metric_info(metric).better == "higher" else "noise floor"
                mean = float(np.mean(known))
                table.append({"metric": metric, "kind": kind, "floor": mean, **protocol})
    return table


def provenance(trials: dict[str, dict[str, str]]) -> list[Record]:
    """Key to the value shared by all trials, or to each value with its trials."""
    keys = dict.fromkeys(key for values in trials.values() for key in values)
    table = []
    for key in keys:
        having: dict[str, list[str]] = {}
        for trial, values in trials.items():
            having.setdefault(values.get(key, MISSING), []).append(trial)
        table.append({"key": key, "values": having, "agrees": len(having) == 1})
    return table

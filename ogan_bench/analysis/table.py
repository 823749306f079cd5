"""From stored results to tidy tables: one row per trial, per measurement, per arm and metric.

Reads what a results folder holds, finished or not, and never opens a checkpoint. The stored
settings of arms are carried along as they are, so that results of older versions stay readable.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ogan_bench.analysis.formatting import described
from ogan_bench.analysis.statistics import (
    Interval,
    difference_interval,
    mean_interval,
    standard_deviation,
)
from ogan_bench.errors import UserError
from ogan_bench.store import FORMAT, Record, TrialFolder, TrialStore
from ogan_bench.study import config_hash

OUTCOMES = ("ok", "diverged", "failed", "unfinished", "missing")
"""What can have become of a planned trial."""

FINISHED = OUTCOMES[:2]
"""Outcomes of trials that have a result."""

PROTOCOL = ("extractor", "split", "protocol", "n_samples")
"""Values of a metric may be compared only where these agree."""

COSTS = ("images_per_second", "step_flops", "activation_bytes", "peak_bytes")
"""Metrics of the training and not of the trained nets; in the tables where a study asks for them.
"""

MEASURED = ("arm", "seed", "metric", "value", *PROTOCOL, "floor", "note")

CURVES = (
    "encoder_loss",
    "generator_loss",
    "score_real",
    "score_fake",
    "rho",
    "e_real_mean",
    "e_real_std",
    "e_fake_mean",
    "e_fake_std",
)
"""Columns that a training log has at the least, filled with nan where the file lacks them."""


@dataclass(frozen=True)
class StudyResults:
    """What is stored of a study.

    Args:
        root: The results folder.
        record: ``study.json``.
        metrics: One row per (arm, seed, metric) with the columns of :data:`MEASURED`.
        trials: One row per planned trial: arm, seed, outcome, reason, steps, seconds, the
            :data:`COSTS`, encoder_parameters, generator_parameters, evaluation_seconds,
            config_hash, path (relative to the root).
        provenance: Trial ("arm/seed-0") to the flattened provenance of its run.
        problems: What a reader must know: trials outside the plan or of other settings.
    """

    root: Path
    record: Record
    metrics: pd.DataFrame
    trials: pd.DataFrame
    provenance: dict[str, dict[str, str]]
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the study's folder."""
        return str(self.record["folder"])

    @property
    def arms(self) -> list[str]:
        """Arms in the study's order."""
        return list(self.record["arms"])

    @property
    def control(self) -> str:
        """Arm that tables compare with: the first hypothesis's control, else the first arm."""
        hypotheses = self.record["hypotheses"]
        return str(hypotheses[0]["control"]) if hypotheses else self.arms[0]

    @property
    def metric_names(self) -> list[str]:
        """The study's metrics, then all others that have been measured."""
        return list(dict.fromkeys([*self.record["metrics"], *self.metrics["metric"]]))

    def identity(self, arm: str) -> Record:
        """What defines the trials of an arm apart from their seeds."""
        identity: Record = _identities(self.record)[arm]
        return identity

    def folder(self, path: str) -> TrialFolder:
        """Folder of the trial with this path."""
        return TrialFolder(self.root / path)

    def values(self, arm: str, metric: str) -> NDArray[np.float64]:
        """Values of an arm's trials, in the order of seeds, missing ones left out."""
        rows = self.measurements(metric, arm)
        return np.array([row["value"] for row in rows if math.isfinite(row["value"])], np.float64)

    def measurements(self, metric: str, arm: str | None = None) -> list[Record]:
        """Rows of a metric, of one arm or of all."""
        rows = self.metrics[self.metrics["metric"] == metric]
        return records(rows if arm is None else rows[rows["arm"] == arm])

    def comparable(self, arm: str) -> list[str]:
        """Arms whose numbers may be compared with those of an arm: those on the same data."""
        data = {name: settings.get("data") for name, settings in self.record["arms"].items()}
        return [name for name in self.arms if data[name] == data[arm]]

    def protocol(self, metric: str, arm: str) -> dict[str, Any] | None:
        """The one protocol under which the values of a metric were measured on an arm's data.

        Raises:
            UserError: There are several, so the values cannot be put in one table.
        """
        kinds: dict[tuple[Any, ...], list[str]] = {}
        arms = self.comparable(arm)
        for row in self.measurements(metric):
            if row["arm"] in arms and math.isfinite(row["value"]):
                kinds.setdefault(tuple(row[key] for key in PROTOCOL), []).append(_trial(row))
        if len(kinds) > 1:
            parts = [
                f"{', '.join(f'{key} {value}' for key, value in zip(PROTOCOL, kind, strict=True))} "
                f"({', '.join(where[:3])}{', ...' if len(where) > 3 else ''})"
                for kind, where in kinds.items()
            ]
            raise UserError(
                f"{self.name}: metric {metric!r} was measured in unlike ways and cannot be "
                f"averaged: {'; '.join(parts)}. `ogan-bench evaluate` measures the odd ones anew, "
                "without training."
            )
        return next((dict(zip(PROTOCOL, kind, strict=True)) for kind in kinds), None)


def load_results(root: Path, study: str) -> StudyResults:
    """Read everything that is stored of a study.

    Args:
        root: The results folder.
        study: Name of the study's folder.

    Raises:
        UserError: There is no such study, or a file cannot be read.
    """
    store = TrialStore(root)
    record = _checked(store.read_study(study), f"{study}/study.json")
    folders: dict[tuple[str, int], tuple[TrialFolder, Record]] = {}
    for folder in store.folders(study):
        run = folder.read("run.json")
        if run is not None:
            folders[str(run["arm"]), int(run["seed"])] = folder, run
    measured: list[Record] = []
    trials: list[Record] = []
    provenance: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    identities = _identities(record)
    for arm in record["arms"]:
        for seed in record["seeds"]:
            row: Record = {"arm": arm, "seed": seed, "outcome": "missing"}
            trials.append(row)
            if (arm, seed) not in folders:
                continue
            folder, run = folders.pop((arm, seed))
            row |= _trial_row(root, folder, run)
            provenance[_trial(row)] = dict(_flat(run.get("provenance", {})))
            entries = row.pop("measured", [])
            if entries:
                asked = [metric for metric in COSTS if metric in record["metrics"]]
                entries = [*entries, *(_cost_row(row, metric) for metric in asked)]
            measured += [{"arm": arm, "seed": seed, **entry} for entry in entries]
            if run["config_hash"] != config_hash({**identities[arm], "seed": seed}):
                problems.append(f"{_trial(row)} was run with other settings than the study states")
    for arm, seed in sorted(folders):
        problems.append(f"{arm}/seed-{seed} is stored but not in the study's plan; it is left out")
    columns = [
        "arm", "seed", "outcome", "reason", "steps", "seconds", *COSTS,
        "encoder_parameters", "generator_parameters", "evaluation_seconds", "config_hash", "path",
    ]  # fmt: skip
    metrics = pd.DataFrame(
        [{**dict.fromkeys(MEASURED), **row} for row in measured],
        columns=list(MEASURED),
        dtype=object,
    )
    metrics = metrics.astype({"seed": int, "value": float, "floor": float})
    frame = pd.DataFrame(trials, columns=columns)
    frame = frame.astype(dict.fromkeys(columns[4:-2], float))
    return StudyResults(root, record, metrics, frame, provenance, tuple(problems))


def load_log(results: StudyResults) -> pd.DataFrame:
    """Training curves of all trials: arm, seed, step and whatever the logs hold.

    ``score_gap`` is added: score of real images less that of generated ones. Lower means more
    real, so a discriminator that tells them apart has a negative gap.

    Raises:
        UserError: A log is damaged.
    """
    rows: list[Record] = []
    for trial in records(results.trials.dropna(subset="path")):
        folder = results.folder(trial["path"])
        try:
            lines = folder.log.read()
        except ValueError as error:
            raise UserError(f"{trial['path']}: damaged training log ({error})") from None
        rows += [{"arm": trial["arm"], "seed": trial["seed"], **line} for line in lines]
    keys = [key for row in rows for key in row]
    log = pd.DataFrame(rows, columns=list(dict.fromkeys(["arm", "seed", "step", *CURVES, *keys])))
    for column in log.columns.drop("arm"):
        log[column] = pd.to_numeric(log[column]).astype(float)
    log["score_gap"] = log["score_real"] - log["score_fake"]
    return log


def summarise(results: StudyResults, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Estimates per arm and metric.

    Args:
        results: The stored study.
        names: Metrics; all that the study names or has measured if left out.

    Returns:
        One row per metric and arm, in the study's order: n (values), failed (planned trials without
        a value, for whatever reason), mean, sd, low and high (95 % t interval), difference to the
        control arm with its 95 % Welch interval, floor (mean over trials), the protocol, and notes.

    Raises:
        UserError: Values of a metric were measured in unlike ways.
    """
    rows = []
    for metric in results.metric_names if names is None else names:
        control = results.values(results.control, metric)
        for arm in results.arms:
            protocol = results.protocol(metric, arm) or dict.fromkeys(PROTOCOL)
            values = results.values(arm, metric)
            entries = results.measurements(metric, arm)
            floors = [row["floor"] for row in entries if math.isfinite(row["floor"])]
            mean, low, high = mean_interval(values)
            change = Interval(math.nan, math.nan, math.nan)
            if arm != results.control and results.control in results.comparable(arm):
                change = difference_interval(values, control)
            row = {
                "metric": metric,
                "arm": arm,
                "n": len(values),
                "failed": len(results.record["seeds"]) - len(values),
                "mean": mean,
                "sd": standard_deviation(values),
                "low": low,
                "high": high,
                "control": results.control,
                "difference": change.estimate,
                "difference_low": change.low,
                "difference_high": change.high,
                "floor": float(np.mean(floors)) if floors else math.nan,
                **protocol,
                "notes": "; ".join(dict.fromkeys(row["note"] for row in entries if row["note"])),
            }
            rows.append(row)
    numbers = ("mean", "sd", "low", "high", "floor")
    changes = ("difference", "difference_low", "difference_high")
    frame = pd.DataFrame(rows, dtype=object)
    return frame.astype({"n": int, "failed": int, **dict.fromkeys((*numbers, *changes), float)})


def leader(results: StudyResults, metric: str) -> str | None:
    """The arm that is better than every other one beyond the 95 % Welch interval, if there is one.

    The intervals are not adjusted for the number of arms: a mark in a table, not a test.
    """
    better = described(metric).better
    arms = results.arms
    if better is None or len(arms) < 2 or results.comparable(arms[0]) != arms:
        return None
    sign = 1 if better == "higher" else -1
    samples = {arm: sign * results.values(arm, metric) for arm in results.arms}
    for arm, values in samples.items():
        others = [other for name, other in samples.items() if name != arm]
        if all(difference_interval(values, other).low > 0 for other in others):
            return arm
    return None


def median_trial(results: StudyResults, arm: str) -> Record | None:
    """The arm's trial with the (lower) median of the first metric that the arm has values of."""
    for metric in results.record["metrics"]:
        rows = results.measurements(metric, arm)
        ordered = sorted((row["value"], row["seed"]) for row in rows if math.isfinite(row["value"]))
        if ordered:
            seed = ordered[(len(ordered) - 1) // 2][1]
            trials = records(results.trials)
            return next(row for row in trials if row["arm"] == arm and row["seed"] == seed)
    return None


def records(frame: pd.DataFrame) -> list[Record]:
    """Rows as mappings from column to value."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _trial_row(root: Path, folder: TrialFolder, run: Record) -> Record:
    """What the files of a started trial say, with its measurements under ``measured``."""
    path = folder.path.relative_to(root).as_posix()
    row: Record = {"config_hash": run["config_hash"], "path": path}
    result = folder.read("result.json")
    if result is None:
        failed = folder.error.exists()
        lines = folder.error.read_text("utf-8", "replace").split("\n") if failed else []
        reason = next((line.strip() for line in reversed(lines) if line.strip()), None)
        return row | {"outcome": "failed" if failed else "unfinished", "reason": reason}
    _checked(result, f"{path}/result.json")
    training = result.get("training") or {}
    parameters = training.get("parameters") or {}
    return row | {
        "outcome": result["outcome"],
        "reason": result.get("reason"),
        "steps": training.get("steps"),
        "seconds": training.get("seconds"),
        **{name: training.get(name) for name in COSTS},
        "encoder_parameters": parameters.get("encoder"),
        "generator_parameters": parameters.get("generator"),
        "evaluation_seconds": result.get("evaluation_seconds"),
        "measured": result["metrics"] if result["outcome"] == "ok" else [],
    }


def _identities(record: Record) -> Record:
    """Identities of the arms: what differs from the defaults, or all settings in older files."""
    identities: Record = record["identities" if "identities" in record else "arms"]
    return identities


def _cost_row(trial: Record, metric: str) -> Record:
    """The cost of a training as a measurement."""
    row = {"metric": metric, "value": trial[metric], "n_samples": trial["steps"], "split": "train"}
    return row if row["value"] is not None else row | {"note": "not counted on this device"}


def _trial(row: Record) -> str:
    return f"{row['arm']}/seed-{row['seed']}"


def _checked(record: Record, place: str) -> Record:
    if record.get("format") != FORMAT:
        raise UserError(
            f"{place}: format {record.get('format')!r} cannot be read here, only {FORMAT}; "
            "use the version of ogan_bench that wrote it"
        )
    return record


def _flat(mapping: Record, prefix: str = "") -> Iterator[tuple[str, str]]:
    """``key.subkey`` and text of every leaf."""
    for key, value in mapping.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)

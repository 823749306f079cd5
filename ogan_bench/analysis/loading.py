"""From the files of a results folder to :class:`StudyResults` and training curves.

Reads what a results folder holds, finished or not, and never opens a checkpoint. The stored
settings of arms are kept as they are, so that results of older versions stay readable.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd

from ogan_bench.analysis.degenerate import examined
from ogan_bench.analysis.registration import standing_of
from ogan_bench.analysis.results import MEASURED, StudyResults, records, trial_name
from ogan_bench.analysis.trial_rows import COSTS, FINISHED, read_statement, run_of, trial_row
from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.diffs import flatten
from ogan_bench.study.trial import config_hash

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
"""Columns that every training log has, filled with nan if missing from the file."""


def load_results(root: Path, study: str) -> StudyResults:
    """Read everything stored for a study.

    Args:
        root: The results folder.
        study: Name of the study's folder.

    A trial whose files are damaged counts as failed, and the problems name the file and the mend.

    Raises:
        UserError: There is no such study, or a file of the study itself cannot be read.
    """
    store = TrialStore(root)
    record = read_statement(store, study)
    folders = {
        (folder.path.parent.name, int(folder.path.name.removeprefix("seed-"))): folder
        for folder in store.folders(study)
    }
    started: dict[str, Record] = {}
    measured: list[Record] = []
    trials: list[Record] = []
    provenance: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    measured_with: dict[str, Record] = {}
    for arm in record["arms"]:
        for seed in record["seeds"]:
            row: Record = {"arm": arm, "seed": seed, "outcome": "missing"}
            trials.append(row)
            if (arm, seed) not in folders:
                continue
            trial = folders.pop((arm, seed)).snapshot()
            try:
                run = run_of(trial)
                row |= trial_row(root, trial, run, record["arms"][arm])
            except UserError as error:
                row |= {"outcome": "failed", "reason": str(error)}
                problems.append(str(error))
                continue
            started[trial_name(row)] = run
            facts = flatten(run.get("provenance", {}))
            provenance[trial_name(row)] = {key: str(value) for key, value in facts}
            if (tool := row.pop("tool", None)) is not None:
                measured_with[trial_name(row)] = tool
            entries = row.pop("measured", [])
            if entries:
                asked = [metric for metric in COSTS if metric in record["metrics"]]
                entries = [*entries, *(_cost_row(row, metric) for metric in asked)]
            found = examined(entries, row["outcome"])
            measured += [{**entry, "arm": arm, "seed": seed} for entry in found]
            if run["config_hash"] != config_hash({**record["identities"][arm], "seed": seed}):
                problems.append(
                    f"{trial_name(row)} was run with other settings than the study states"
                )
    for (arm, seed), folder in sorted(folders.items()):
        with suppress(UserError):  # it counts for nothing but the standing
            started[f"{arm}/seed-{seed}"] = run_of(folder)
        problems.append(f"{arm}/seed-{seed} is stored but not in the study's plan; it is left out")
    problems += _of_other_data(record["arms"], started)
    columns = [
        "arm", "seed", "outcome", "reason", "steps", "seconds", *COSTS,
        "encoder_parameters", "generator_parameters", "evaluation_seconds", "config_hash", "path",
    ]  # fmt: skip
    # By columns: of many trials, a further dict for each row would take most of the memory.
    metrics = pd.DataFrame(
        {key: [row.get(key) for row in measured] for key in MEASURED}, dtype=object
    )
    numbers = ("value", "floor", "error", "members_sd")
    metrics = metrics.astype({"seed": int, **dict.fromkeys(numbers, float)})
    frame = pd.DataFrame(trials, columns=columns)
    frame = frame.astype(dict.fromkeys(columns[4:-2], float))
    complete = all(row["outcome"] in FINISHED for row in trials)
    known = metrics[metrics["value"].notna() & metrics["protocol"].notna()]
    protocols: dict[str, set[str]] = {}
    for metric, protocol in zip(known["metric"], known["protocol"], strict=True):
        protocols.setdefault(metric, set()).add(protocol)
    standing, notes = standing_of(
        store, study, record, started, measured_with, protocols, complete=complete
    )
    return StudyResults(root, record, metrics, frame, provenance, (*problems, *notes), standing)


def load_log(results: StudyResults, most: int = 300) -> pd.DataFrame:
    """Training curves of all trials: arm, seed, step and all that was logged.

    ``score_gap`` is added: score of real images minus that of generated ones. A lower score means
    more real, so a discriminator that tells them apart has a negative gap.

    Args:
        results: The stored study.
        most: Maximum number of lines per trial; longer logs are subsampled evenly.

    Returns:
        One row per line, grouped by trial.

    Raises:
        UserError: A log is damaged.
    """
    rows: list[Record] = []
    for trial in records(results.trials.dropna(subset="path")):
        lines = _thinned(results.folder(trial["path"]).read_log("train.jsonl"), most)
        rows += [{**line, "arm": trial["arm"], "seed": trial["seed"]} for line in lines]
    keys = dict.fromkeys(["seed", "step", *CURVES])
    for row in rows:
        keys.update(dict.fromkeys(row))
    keys.pop("arm", None)
    numbers = {key: np.array([row.get(key) for row in rows], np.float64) for key in keys}
    log = pd.DataFrame({"arm": [row["arm"] for row in rows], **numbers})
    log["score_gap"] = log["score_real"] - log["score_fake"]
    return log


def _of_other_data(arms: Record, started: Record) -> list[str]:
    """Which trials that should share their data were trained on others, a line for each dataset."""
    trained: dict[str, dict[str, list[str]]] = {}
    for name, run in started.items():
        known = run.get("provenance", {}).get("data_hash")
        part = arms.get(name.partition("/")[0], {}).get("data")
        if known is not None:
            key = json.dumps(part, sort_keys=True)
            trained.setdefault(key, {}).setdefault(str(known), []).append(name)
    return [
        "The data changed between trials, which cannot be compared: "
        + "; ".join(f"SHA-256 {known}: {', '.join(names)}" for known, names in by_hash.items())
        for by_hash in trained.values()
        if len(by_hash) > 1
    ]


def _thinned(lines: list[Record], most: int) -> list[Record]:
    """At most ``most`` lines, evenly spaced, including the first and the last."""
    if len(lines) <= most:
        return lines
    return [lines[round(i * (len(lines) - 1) / (most - 1))] for i in range(most)]


def _cost_row(trial: Record, metric: str) -> Record:
    """The cost of training as a measurement."""
    row = {"metric": metric, "value": trial[metric], "n_samples": trial["steps"], "split": "train"}
    return row if row["value"] is not None else row | {"note": "not counted on this device"}

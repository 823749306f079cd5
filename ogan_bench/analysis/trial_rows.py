"""What the files of a study and of one of its trials say, before any table is made of them."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store import outcomes
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore

FINISHED = ("ok", *outcomes.FAILURES)
"""Outcomes of trials whose training ended, well or badly."""

COSTS = ("images_per_second", "step_flops", "activation_bytes", "peak_bytes")
"""Metrics of the training, not the trained nets; shown in tables if a study asks for them."""

STATED = (
    "name", "scale", "folder", "question", "source", "alpha", "metrics", "hypotheses", "command",
    "study_file_sha256",
)  # fmt: skip
"""Keys of ``study.json`` that a report needs."""


def identities_of(record: Record) -> Record:
    """Identities of the arms: what differs from the defaults, or all settings in older files."""
    identities: Record = record["identities" if "identities" in record else "arms"]
    return identities


def read_statement(store: TrialStore, study: str) -> Record:
    """``study.json``, with all that a report needs of it.

    Raises:
        UserError: There is no such study, or the file is damaged or lacks something.
    """
    record = store.read_study(study)
    lacking = [key for key in STATED if key not in record]
    lacking += [key for key in ("arms", "seeds", "metrics") if record.get(key) in ([], {})]
    record["identities"] = identities_of(record)
    lacking += [f"identities.{arm}" for arm in record["arms"] if arm not in record["identities"]]
    if lacking:
        raise UserError(f"{store.root / study / 'study.json'}: lacks {', '.join(lacking)}")
    return record


def run_of(folder: TrialFolder) -> Record:
    """``run.json`` of a started trial.

    Raises:
        UserError: It is missing or damaged.
    """
    run = folder.read("run.json")
    if run is None:
        raise folder.no_run()
    return run


def trial_row(root: Path, folder: TrialFolder, run: Record, settings: Record) -> Record:
    """The row of a started trial from its files, with its measurements under ``measured``, and what
    measured them under ``tool``.

    Measurements of a stopped trial are left out, because its nets are not fully trained.
    """
    path = folder.path.relative_to(root).as_posix()
    row: Record = {"config_hash": run["config_hash"], "path": path}
    result = folder.read("result.json")
    if result is None:
        error = folder.read_error()
        lines = (error or "").split("\n")
        reason = next((line.strip() for line in reversed(lines) if line.strip()), None)
        return row | {"outcome": "unfinished" if error is None else "failed", "reason": reason}
    if result.get("config_hash", run["config_hash"]) != run["config_hash"]:
        raise UserError(
            f"{path}: run.json and result.json are of different settings; put back the folder as "
            "it was, or delete it to train the trial again"
        )
    training = result.get("training") or {}
    parameters = training.get("parameters") or {}
    outcome, reason = outcomes.outcome(result, settings, lambda: folder.read_log("train.jsonl"))
    return row | {
        "outcome": outcome,
        "reason": reason,
        "steps": training.get("steps"),
        "seconds": training.get("seconds"),
        **{name: training.get(name) for name in COSTS},
        "encoder_parameters": parameters.get("encoder"),
        "generator_parameters": parameters.get("generator"),
        "evaluation_seconds": result.get("evaluation_seconds"),
        "measured": result["metrics"] if result["outcome"] == "ok" else [],
        "tool": result.get("tool"),
    }

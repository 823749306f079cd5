"""A stored study of small trials with pictures, logs and samplings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.results import StudyResults
from ogan_bench.store.preregistration import stated
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import config_hash

PICTURE = b"\x89PNG not really"
ERRORS = {"none": [3.0, 1.0, 2.0], "pea_rson": [0.3, 0.1, 0.2]}
ROW = {"n_samples": 9, "split": "test", "extractor": None, "protocol": "1", "floor": None,
       "note": None}  # fmt: skip


def settings(arm: str) -> dict[str, Any]:
    return {
        "data": {"name": "digits"},
        "objective": {"consistency": {"name": arm}, "adversarial": {"name": "linear"}},
    }


def write(root: Path, name: str = "demo", spread: int = 0) -> Path:
    """A study of two arms with three seeds, the metrics one apart."""
    record = {
        "format": 1, "name": name, "scale": None, "folder": name, "question": "Does it?",
        "source": "", "alpha": 0.05, "seeds": [0, 1, 2], "metrics": ["reconstruction_mse"],
        "hypotheses": [
            {"id": "better", "claim": "It is.", "test": "superiority", "arm": "pea_rson",
             "metric": "reconstruction_mse", "control": "none", "margin": None}
        ],
        "arms": {arm: settings(arm) for arm in ERRORS},
        "identities": {arm: settings(arm) for arm in ERRORS},
        "command": f"ogan-bench run studies/{name}.yaml", "study_file_sha256": "0" * 64,
    }  # fmt: skip
    TrialStore(root).write_study(name, record)
    for arm, errors in ERRORS.items():
        for seed, error in enumerate(errors):
            folder = trial(root, arm, seed, name)
            identity: dict[str, Any] = {"format": 1, "study": name, "arm": arm, "seed": seed}
            identity["config_hash"] = config_hash({**settings(arm), "seed": seed})
            folder.write("run.json", {**identity, "config": settings(arm), "provenance": {}})
            rows = [{"metric": "reconstruction_mse", "value": error, **ROW}]
            training = {"steps": 20, "seconds": 2.0, "images_per_second": 1000.0 + seed}
            result = {**identity, "outcome": "ok", "metrics": rows, "training": training}
            folder.write("result.json", result)
            for step in (10, 20):
                folder.log.append({"step": step, "rho": step / 100 + seed / 10})
            (folder.path / "samples.png").write_bytes(PICTURE + bytes([seed]))
            for index in range(spread):
                folder.step_picture(500 * index).parent.mkdir(exist_ok=True)
                folder.step_picture(500 * index).write_bytes(PICTURE)
    return root


def trial(root: Path, arm: str, seed: int, name: str = "demo") -> TrialFolder:
    return TrialFolder(root / name / arm / f"seed-{seed}")


def register(root: Path, name: str = "demo", version: str | None = None) -> str:
    """Register the study as if before its first trial; returns the hash.

    Args:
        root: The results folder.
        name: Name of the study.
        version: Version of the tool that ran the trials; by default the registered one.
    """
    store = TrialStore(root)
    registered = stated(store.read_study(name))
    store.register(name, registered)
    tool = registered["tool"] if version is None else {"ogan_bench": version}
    for folder in store.folders(name):
        run = folder.read("run.json") or {}
        folder.write("run.json", {**run, "registered": registered["sha256"], "provenance": tool})
    return str(registered["sha256"])


def load(root: Path) -> StudyResults:
    return load_results(root, "demo")

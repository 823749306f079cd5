"""Small trials that are evaluated in the course of the training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial

SMALL = (
    "training.steps=6", "training.log_every=3", "training.batch_size=16", "model.width=4",
    "evaluation.samples=70", "evaluation.probe_images=0", "evaluation.every=2",
)  # fmt: skip
CHOOSING = ("evaluation.held_out=100", "evaluation.choose_by=reconstruction_mse")


class Script:
    """A monitor that stops the training after a given step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at, self.step = stop_at, 0

    def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
        self.step = step

    def should_stop(self) -> bool:
        return self.step == self.stop_at

    def should_save(self) -> bool:
        return False

    def budget_used(self, seconds: float) -> bool:
        return False


def trial(*overrides: str) -> Trial:
    study = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=[*SMALL, *overrides])
    return Trial("t", "pearson", 0, study.arms["pearson"])


def run(root: Path, chosen: Trial) -> tuple[TrialFolder, dict[str, Any]]:
    report = run_trial(chosen, Options(root), "cpu")
    assert report.status == "finished", report.message
    folder = TrialStore(root).trial(chosen)
    return folder, json.loads((folder.path / "result.json").read_text())


def values(result: dict[str, Any]) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in result["metrics"]}

"""A run that is killed at any change to a file goes on to the very same results."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.runner.study import store_study
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.examination import examine_results
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import trials
from tests.fuzz.mutations import WANTED
from tests.killed import killed_at

STUDY = """\
name: tiny
question: Does a kill change anything?
base:
  data: {name: ring}
  model: {name: mlp, z_dim: 4, width: 8}
  objective: {adversarial: non_saturating, readout: avg, consistency: pearson, penalty: none}
  training: {steps: 4, batch_size: 8, log_every: 1, optimizer: {name: adam, lr: 1e-3}}
  evaluation: {samples: 100, probe_images: 0, every: 2}
arms: {pearson: {}}
seeds: [0]
metrics: [modes_points]
"""

CI_STEPS = 23
"""Between two operations at which it is killed."""


def run(root: Path, path: Path) -> str:
    """Store the study and run its trial with a checkpoint after every step."""
    study = load_study(path)
    (trial,) = trials(study)
    store_study(TrialStore(root), study, [trial], path, None, ())
    return run_trial(trial, Options(root, checkpoint_seconds=0), "cpu").status


def results(root: Path) -> dict[str, Any]:
    """What must not depend on kills: weights, logs, measurements and statements."""
    folder = root / "tiny" / "pearson" / "seed-0"
    result = json.loads((folder / "result.json").read_text())
    study = json.loads((root / "tiny" / "study.json").read_text())
    return {
        "metrics": result["metrics"],
        "outcome": result["outcome"],
        "config_hash": result["config_hash"],
        "identities": study["identities"],
        "nets": (folder / "nets.safetensors").read_bytes(),
        **{name: untimed(folder / name) for name in ("train.jsonl", "history.jsonl")},
    }


def untimed(path: Path) -> list[dict[str, Any]]:
    """The lines of a log without what a clock says."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: line[key] for key in line if "second" not in key} for line in lines]


def test_a_kill_at_any_change_to_a_file_changes_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(STUDY, encoding="utf-8")
    root = tmp_path / "whole"
    assert run(root, path) == "finished"
    whole = results(root)
    for operation in itertools.count(0, 1 if WANTED else CI_STEPS):
        root = tmp_path / "killed"
        shutil.rmtree(root, ignore_errors=True)
        with killed_at(operation, monkeypatch) as done:
            run(root, path)
        if done[-1] != "killed":  # it came to its end before
            break
        for study in examine_results(root):  # nothing but unfinished business
            assert [f.text for f in study.faults if "left over by a process" not in f.text] == []
        assert run(root, path) in ("finished", "skipped"), operation
        assert results(root) == whole, operation
    assert operation > 150

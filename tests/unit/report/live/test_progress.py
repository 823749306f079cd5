"""Progress of trials that run, told by their heartbeats."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.report.live.progress import progress
from ogan_bench.store.trial_store import TrialStore
from tests.unit.report.live.planned_study import plan, trial


def test_progress_is_told_by_heartbeats(tmp_path: Path) -> None:
    plan(tmp_path)
    store = TrialStore(tmp_path)
    trial(tmp_path).write_error("KeyError: 'x'\n")
    trial(tmp_path, "none/seed-0")
    folder = trial(tmp_path, "none/seed-1")
    folder.write_heartbeat({"stage": "evaluate", "step": 100, "steps": 100, "time": 1000.0})
    # A trial that goes on after a budget had stopped it has a result and a heartbeat.
    folder.write("result.json", {"outcome": "stopped", "metrics": []})
    state = progress(store, "study", now=1030.0)
    assert (state.planned, state.done) == (4, 0)
    (row,) = state.running
    assert (row.name, row.stage, row.step, row.silent) == ("none/seed-1", "evaluate", 100, 30.0)
    assert math.isnan(row.rate)
    assert math.isnan(row.seconds)
    assert {row.name: row.stage for row in state.waiting} == {
        "none/seed-0": "interrupted", "pearson/seed-0": "failed", "pearson/seed-1": "not started"
    }  # fmt: skip
    folder.write_heartbeat({"stage": "train"})
    with pytest.raises(UserError, match=r"none/seed-1: its progress.json"):
        progress(store, "study", now=0.0)

"""Trials that a budget stops: what is stored of them, and how they go on; and what one imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.runner import monitor
from ogan_bench.runner.monitor import FolderMonitor
from ogan_bench.runner.trial import Options, TrialReport, run_trial
from ogan_bench.store import provenance
from ogan_bench.store.stored_trials import stored_trials
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial

SMALL = (
    "training.steps=6", "training.log_every=3", "training.batch_size=16", "model.width=4",
    "evaluation.samples=70", "evaluation.probe_images=0", "evaluation.every=2",
)  # fmt: skip
ONE_STEP = 0.0
"""A budget that the first step uses up."""


def trial(*overrides: str) -> Trial:
    study = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=[*SMALL, *overrides])
    return Trial("t", "pearson", 0, study.arms["pearson"])


def run(root: Path, chosen: Trial, budget: float | None = None) -> TrialReport:
    return run_trial(chosen, Options(root, trial_budget=budget), "cpu")


def result(folder: TrialFolder) -> dict[str, Any]:
    return folder.read("result.json") or {}


def lines(folder: TrialFolder) -> list[dict[str, Any]]:
    times = ("seconds", "images_per_second")
    records = [*folder.log.read(), *folder.history.read()]
    return [{key: v for key, v in record.items() if key not in times} for record in records]


def test_measuring_anew_leaves_what_the_training_says_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = trial()
    folder = TrialStore(tmp_path).trial(chosen)

    def versions(number: str) -> tuple[dict[str, Any], dict[str, Any]]:
        facts = {"ogan_bench": number, "git_commit": None}
        monkeypatch.setattr(provenance, "code_and_machine", lambda: facts)
        assert run_trial(chosen, Options(tmp_path, again=True), "cpu").status == "finished"
        return folder.read("run.json") or {}, result(folder)

    first, measured = versions("1")
    assert measured["tool"] == {"ogan_bench": "1", "git_commit": None}
    again, measured_anew = versions("2")
    assert again["provenance"] == first["provenance"]
    assert [entry["trains"] for entry in again["attempts"]] == [True, False]
    assert measured_anew["tool"]["ogan_bench"] == "2"
    assert measured_anew["metrics"] == measured["metrics"]

    folder.checkpoint.write_bytes(b"damaged")
    retrained, _ = versions("3")
    assert retrained["provenance"]["ogan_bench"] == "3"
    assert [entry["trains"] for entry in retrained["attempts"]] == [True, False, False, True]
    ends = [entry.get("ended") for entry in retrained["attempts"]]
    assert ends[2] is None  # it was given up for the next one
    assert ends.count(None) == 1
    for entry in retrained["attempts"]:
        assert entry.get("ended", entry["started"]) >= entry["started"]


def test_a_stopped_trial_is_measured_as_it_stands_and_says_how_far_it_came(tmp_path: Path) -> None:
    chosen = trial()
    report = run(tmp_path, chosen, ONE_STEP)
    assert (report.status, report.outcome) == ("finished", "stopped")
    folder = TrialStore(tmp_path).trial(chosen)
    stored = result(folder)
    assert stored["outcome"] == "stopped"
    assert stored["reason"] == "stopped after 1 of 6 steps by the budget of 0 s of training"
    assert stored["training"]["steps"] == 1
    assert stored["training"]["seconds"] > 0
    values = {row["metric"]: row["value"] for row in stored["metrics"]}
    assert values["fd_classifier"] > 0
    assert folder.state() == "stopped"
    assert folder.checkpoint.exists()
    assert not folder.heartbeat.exists()


@pytest.mark.parametrize(
    "overrides", [(), ("evaluation.held_out=100", "evaluation.choose_by=reconstruction_mse")]
)
def test_a_stopped_trial_that_goes_on_equals_one_never_stopped(
    tmp_path: Path, overrides: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = trial(*overrides)
    whole, cut = (TrialStore(tmp_path / name).trial(chosen) for name in ("whole", "cut"))
    assert run(tmp_path / "whole", chosen).outcome != "stopped"
    assert run(tmp_path / "cut", chosen, ONE_STEP).outcome == "stopped"
    with monkeypatch.context() as patch:  # in the middle, after an evaluation
        patch.setattr(FolderMonitor, "budget_used", lambda *_: len(cut.history.read()) == 2)
        assert run(tmp_path / "cut", chosen, 1e9).outcome == "stopped"
    assert result(cut)["training"]["steps"] == 4
    seconds = result(cut)["training"]["seconds"]
    assert run(tmp_path / "cut", chosen).outcome != "stopped"

    assert lines(cut) == lines(whole)
    assert result(cut)["metrics"] == result(whole)["metrics"]
    assert result(cut)["facts"] == result(whole)["facts"]
    assert result(cut)["reason"] is None
    assert result(cut)["training"]["seconds"] > seconds
    names = {path.relative_to(whole.path) for path in whole.path.rglob("*.png")}
    assert names == {path.relative_to(cut.path) for path in cut.path.rglob("*.png")}
    for name in names:
        assert (cut.path / name).read_bytes() == (whole.path / name).read_bytes(), name
    states = [torch.load(folder.checkpoint, weights_only=True) for folder in (whole, cut)]
    for net, weights in states[0]["nets"].items():
        for name, value in weights.items():
            assert torch.equal(value, states[1]["nets"][net][name]), name


def test_a_trial_that_alone_is_asked_to_stop_is_left_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = trial()
    whole, cut = (TrialStore(tmp_path / name).trial(chosen) for name in ("whole", "cut"))
    assert run(tmp_path / "whole", chosen).status == "finished"
    cut.path.mkdir(parents=True)
    cut.ask_to_stop()  # before the attempt, which says that the trial is wanted
    monkeypatch.setattr(monitor, "HEARTBEAT_SECONDS", 0.0)
    with monkeypatch.context() as patch:
        asked = monitor.FolderMonitor.progress

        def ask_after_two(self: FolderMonitor, stage: str, step: int, record: Any) -> None:
            if step == 2:
                cut.ask_to_stop()
            asked(self, stage, step, record)

        patch.setattr(FolderMonitor, "progress", ask_after_two)
        report = run(tmp_path / "cut", chosen)
    assert (report.status, report.step) == ("left", 2)
    assert cut.state() == "interrupted"
    assert not cut.is_asked_to_stop
    assert run(tmp_path / "cut", chosen).status == "finished"
    assert lines(cut) == lines(whole)
    assert result(cut)["metrics"] == result(whole)["metrics"]


def test_stopped_is_complete_for_a_budget_that_is_used_up_and_for_no_other(tmp_path: Path) -> None:
    chosen = trial()
    folder = TrialStore(tmp_path).trial(chosen)
    run(tmp_path, chosen, ONE_STEP)
    seconds = result(folder)["training"]["seconds"]
    assert folder.is_complete(chosen, ONE_STEP)
    assert folder.is_complete(chosen, seconds / 2)
    assert not folder.is_complete(chosen, seconds)
    assert not folder.is_complete(chosen, seconds * 2)
    assert not folder.is_complete(chosen)
    assert run(tmp_path, chosen, ONE_STEP).status == "skipped"
    assert not folder.is_complete(trial("evaluation.groups=[codes]"), ONE_STEP)

    log = folder.log.path.read_bytes() if folder.log.path.exists() else b""
    assert run(tmp_path, trial("evaluation.groups=[codes]"), ONE_STEP).outcome == "stopped"
    assert result(folder)["training"]["steps"] == 1  # measured further, trained no further
    assert (folder.log.path.read_bytes() if folder.log.path.exists() else b"") == log
    assert folder.is_complete(trial("evaluation.groups=[codes]"), ONE_STEP)


def test_evaluations_take_nothing_from_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]

    def step(*_: object) -> None:
        clock[0] += 1.0

    def evaluation(*_: object) -> None:
        clock[0] += 1000.0

    monkeypatch.setattr("ogan_bench.training.loop.time.perf_counter", lambda: clock[0])
    monkeypatch.setattr("ogan_bench.training.running_means.RunningMeans.add", step)
    monkeypatch.setattr("ogan_bench.runner.trial.TrainingObserver.__call__", evaluation)
    run(tmp_path, trial(), budget=4.5)
    stored = result(TrialStore(tmp_path).trial(trial()))
    assert stored["training"]["steps"] == 5  # two evaluations came between
    assert stored["training"]["seconds"] == 5.0


def test_a_killed_continuation_keeps_what_was_measured_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = trial()
    folder = TrialStore(tmp_path).trial(chosen)
    run(tmp_path, chosen, ONE_STEP)
    before = folder.path.joinpath("result.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("ogan_bench.runner.measure.ModelContext.measured_again", None)
        assert run(tmp_path, chosen).status == "failed"
    assert folder.path.joinpath("result.json").read_bytes() == before
    assert folder.state() == "failed"
    assert run(tmp_path, chosen).outcome != "stopped"
    assert folder.state() == "finished"


def test_without_its_checkpoint_a_stopped_trial_says_so(tmp_path: Path) -> None:
    chosen = trial()
    run(tmp_path, chosen, ONE_STEP)
    TrialStore(tmp_path).trial(chosen).checkpoint.unlink()
    report = run(tmp_path, chosen)
    assert report.status == "failed"
    assert "neither be measured further nor trained on" in report.message


def test_stopped_trials_are_not_among_those_that_are_measured_again(tmp_path: Path) -> None:
    chosen = trial()
    folder = TrialStore(tmp_path).trial(chosen)
    run(tmp_path, chosen, ONE_STEP)
    assert stored_trials({}, [folder]) == []
    run(tmp_path, chosen)
    (stored,) = stored_trials({}, [folder])
    assert stored.config_hash == chosen.config_hash
    assert json.loads((folder.path / "run.json").read_text())["config_hash"] == chosen.config_hash


def test_neither_torchs_compiler_nor_its_algebra_is_imported(tmp_path: Path) -> None:
    """They take longer than the imports of all the rest, in the process of every trial."""
    code = (
        "import sys; from tests.unit.runner.test_trial import run, trial, Path; "
        f"assert run(Path({str(tmp_path)!r}), trial()).status == 'finished'; "
        "sys.exit(not {'torch._dynamo', 'sympy'}.isdisjoint(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert answer.returncode == 0, answer.stderr

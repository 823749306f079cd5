"""Folders of trials: claimed exclusively, and tolerant of a kill at any moment."""

from __future__ import annotations

import copy
import json
import multiprocessing
import shutil
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.store.identity import ConflictError, check_identity
from ogan_bench.store.lease import BusyError
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import trials


def hold(path: str, ready: object, release: object) -> None:
    with TrialFolder(Path(path)).claim():
        ready.set()  # type: ignore[attr-defined]
        release.wait(120)  # type: ignore[attr-defined]


@pytest.mark.parametrize("how", ["lock", "lease"])
def test_a_trial_is_claimed_by_one_process_and_freed_by_its_death(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGAN_BENCH_CLAIMS", how)
    context = multiprocessing.get_context("spawn")
    ready, release = context.Event(), context.Event()
    process = context.Process(target=hold, args=(str(tmp_path / "t"), ready, release))
    process.start()
    assert ready.wait(120)
    folder = TrialFolder(tmp_path / "t")
    with pytest.raises(BusyError), folder.claim():
        pass
    process.kill()
    process.join()
    with folder.claim():
        pass


def test_another_configuration_is_refused_with_what_differs(tmp_path: Path) -> None:
    path = Path("studies/mse_vs_pearson.yaml")
    trial = trials(load_study(path))[0]
    changed = trials(load_study(path, overrides=["training.steps=3"]))[0]
    folder = TrialFolder(tmp_path)
    check_identity(folder, trial)  # nothing is stored yet
    folder.write("run.json", {"config_hash": trial.config_hash, "config": trial.config})
    check_identity(folder, trial)
    steps = trial.settings.training.steps
    with pytest.raises(
        ConflictError, match=rf"training.steps: {steps} stored, 3 wanted.*--results"
    ):
        check_identity(folder, changed)


def test_settings_that_are_younger_than_a_trial_are_not_named_as_differences(
    tmp_path: Path,
) -> None:
    trial = trials(load_study(Path("studies/mse_vs_pearson.yaml")))[0]
    stored = copy.deepcopy(trial.config)
    del stored["training"]["precision"], stored["evaluation"]["samples"]
    folder = TrialFolder(tmp_path)
    folder.write("run.json", {"config_hash": "of then", "config": stored})
    with pytest.raises(ConflictError) as caught:
        check_identity(folder, trial)
    assert "(evaluation.samples: 2000 stored, 10000 wanted)" in str(caught.value)


def test_state_of_a_trial(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path / "t")
    assert folder.state() == "missing"
    folder.write("run.json", {"config_hash": "0"})
    assert folder.state() == "interrupted"
    folder.write_error("Traceback")
    assert folder.state() == "failed"
    folder.write("result.json", {"outcome": "ok", "metrics": []})
    assert folder.state() == "finished"


def finished(path: Path) -> TrialFolder:
    """A folder with what a finished trial leaves."""
    folder = TrialFolder(path / "study" / "arm" / "seed-0")
    place = {"study": "study", "arm": "arm", "seed": 0, "config_hash": "0"}
    folder.write("run.json", {**place, "config": {}})
    folder.log.append({"step": 1, "loss": 0.5})
    sha256 = {"train.jsonl": folder.log.sha256()}
    rows = [{"metric": "fid", "value": 0.25}]
    folder.write("result.json", {**place, "outcome": "ok", "metrics": rows, "sha256": sha256})
    return folder


@pytest.mark.parametrize("content", ["{}", "[]", "null", '{"config_hash": 3}', '{"outcome": "ok"'])
@pytest.mark.parametrize(
    ("name", "mend"), [("run.json", "delete .*seed-0 to train"), ("result.json", "delete the file")]
)
def test_a_file_of_another_kind_is_refused_with_a_mend(
    tmp_path: Path, content: str, name: str, mend: str
) -> None:
    folder = finished(tmp_path)
    (folder.path / name).write_text(content)
    with pytest.raises(UserError, match=rf"{name}: .*{mend}"):
        folder.state()


@pytest.mark.parametrize("value", ["0.25", True, [], 10**400, float("nan")])
def test_a_value_that_is_no_number_is_refused(tmp_path: Path, value: object) -> None:
    folder = finished(tmp_path)
    rows = [{"metric": "fid", "value": value}]
    (folder.path / "result.json").write_text(json.dumps({"outcome": "ok", "metrics": rows}))
    with pytest.raises(UserError, match=r"result\.json: metrics\.0\.value: "):
        folder.read("result.json")


@pytest.mark.parametrize("name", ["run.json", "result.json"])
@pytest.mark.parametrize("place", ["study/arm/seed-7", "study/other/seed-0", "new/arm/seed-0"])
def test_a_file_of_another_place_is_refused(tmp_path: Path, name: str, place: str) -> None:
    folder = finished(tmp_path)
    moved = TrialFolder(tmp_path / place)
    shutil.copytree(folder.path, moved.path)
    with pytest.raises(UserError, match=rf"{name}: says that it is of study/arm/seed-0; it was"):
        moved.read(name)


def test_a_result_without_its_settings_is_refused(tmp_path: Path) -> None:
    """It used to count as finished, whatever settings were asked for."""
    folder = finished(tmp_path)
    (folder.path / "run.json").unlink()
    trial = trials(load_study(Path("studies/mse_vs_pearson.yaml")))[0]
    for ask in (folder.state, lambda: check_identity(folder, trial)):
        with pytest.raises(UserError, match=r"run\.json: missing, .*delete .*seed-0 to train"):
            ask()


def test_a_log_is_the_one_that_the_result_was_made_with(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    assert folder.read_log("train.jsonl") == [{"step": 1, "loss": 0.5}]
    assert folder.read_log("history.jsonl") == []
    whole = folder.log.path.read_bytes()
    folder.log.path.write_bytes(whole.replace(b"0.5", b"0.4"))
    with pytest.raises(UserError, match=r"train\.jsonl: damaged .*delete .*seed-0 to train"):
        folder.read_log("train.jsonl")
    # One that a budget has stopped may be in training again.
    folder.write("result.json", {**(folder.read("result.json") or {}), "outcome": "stopped"})
    assert folder.read_log("train.jsonl") == [{"step": 1, "loss": 0.4}]


def test_a_snapshot_reads_each_file_once(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path / "demo" / "none" / "seed-0")
    folder.write("run.json", {"config_hash": "a"})
    snapshot = folder.snapshot()
    assert (snapshot.state(), snapshot.read("result.json")) == ("interrupted", None)
    folder.write("run.json", {"config_hash": "b"})
    folder.write("result.json", {"outcome": "ok", "metrics": []})
    assert snapshot.read("run.json") == {"config_hash": "a"}
    assert snapshot.state() == "interrupted"
    assert folder.snapshot().state() == "finished"


@pytest.mark.parametrize(
    ("training", "expected"), [({"seconds": 9.0}, True), ({"seconds": None}, False), (None, False)]
)
def test_a_training_that_was_stopped_goes_on_unless_the_budget_is_known_to_be_used_up(
    tmp_path: Path, training: object, expected: bool
) -> None:
    folder = finished(tmp_path)
    record = folder.read("result.json") or {}
    folder.write("result.json", {**record, "outcome": "stopped", "training": training})
    assert folder.is_trained(trial_budget=8.0) is expected
    assert not folder.is_trained(trial_budget=10.0)
    assert not folder.is_trained()

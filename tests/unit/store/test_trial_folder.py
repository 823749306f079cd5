"""Folders of trials: claimed exclusively, and tolerant of a kill at any moment."""

from __future__ import annotations

import copy
import multiprocessing
from pathlib import Path

import pytest

from ogan_bench.store.lease import BusyError
from ogan_bench.store.trial_folder import ConflictError, TrialFolder
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
    folder.check_identity(trial)  # nothing is stored yet
    folder.write("run.json", {"config_hash": trial.config_hash, "config": trial.config})
    folder.check_identity(trial)
    steps = trial.settings.training.steps
    with pytest.raises(
        ConflictError, match=rf"training.steps: {steps} stored, 3 wanted.*--results"
    ):
        folder.check_identity(changed)


def test_settings_that_are_younger_than_a_trial_are_not_named_as_differences(
    tmp_path: Path,
) -> None:
    trial = trials(load_study(Path("studies/mse_vs_pearson.yaml")))[0]
    stored = copy.deepcopy(trial.config)
    del stored["training"]["precision"], stored["evaluation"]["samples"]
    folder = TrialFolder(tmp_path)
    folder.write("run.json", {"config_hash": "of then", "config": stored})
    with pytest.raises(ConflictError) as caught:
        folder.check_identity(trial)
    assert "(evaluation.samples: 2000 stored, 10000 wanted)" in str(caught.value)


def test_state_of_a_trial(tmp_path: Path) -> None:
    folder = TrialFolder(tmp_path / "t")
    assert folder.state() == "missing"
    folder.write("run.json", {})
    assert folder.state() == "interrupted"
    folder.write_error("Traceback")
    assert folder.state() == "failed"
    folder.write("result.json", {})
    assert folder.state() == "finished"

"""A study is registered before it is run, and says before it trains where it is not what it was."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.runner import preflight
from ogan_bench.runner import study as runner_study
from ogan_bench.runner.executor import Place
from ogan_bench.runner.study import Ending, execute, resolved_record, store_study
from ogan_bench.runner.trial import Options, TrialReport
from ogan_bench.store.preregistration import registration
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import find_study
from ogan_bench.study.trial import Trial, trials

STUDY = Path("mse_vs_pearson")


def store(root: Path, *overrides: str, seeds: tuple[int, ...] = (0,)) -> None:
    """Store the study as a run with these seeds and settings would."""
    study = load_study(find_study(STUDY), scale="smoke", overrides=overrides)
    store_study(TrialStore(root), study, trials(study, None, seeds), STUDY, "smoke", overrides)


def test_the_first_run_registers_the_study(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path)
    store(tmp_path)
    assert registration(TrialStore(tmp_path), "mse_vs_pearson-smoke") is not None
    assert capsys.readouterr().err == ""


def test_the_command_of_a_shipped_study_runs_in_every_folder(tmp_path: Path) -> None:
    """Python hands over its absolute path, whose name alone is of no study."""
    shipped = find_study(STUDY)
    study = load_study(shipped, scale="smoke")
    for path in (shipped, STUDY):
        record = resolved_record(TrialStore(tmp_path), study, [], path, "smoke", ())
        assert record["command"] == "ogan-bench run mse_vs_pearson --scale smoke"


def test_a_run_of_something_else_says_so_before_it_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path)
    store(tmp_path, "training.batch_size=32", seeds=(0, 17))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "DEVIATED: this is not what was registered. Changed since:"
    assert "  seed added: 17" in lines
    assert "  arm pearson changed (training.batch_size: none → 32)" in lines


def test_settings_that_stored_trials_outside_the_run_do_not_have_are_refused(
    tmp_path: Path,
) -> None:
    """study.json was written with them, and the trials no longer were those that it states."""
    study = load_study(find_study(STUDY), scale="smoke")
    store(tmp_path)
    for trial in trials(study, ["none", "pearson"], [0]):
        TrialStore(tmp_path).trial(trial).write(
            "run.json", {"config": trial.config, "config_hash": trial.config_hash}
        )
    before = (tmp_path / study.folder / "study.json").read_bytes()
    changed = load_study(
        find_study(STUDY), scale="smoke", overrides=(override := "training.steps=41",)
    )
    one = trials(changed, ["mse"], [0])
    with pytest.raises(UserError, match=r"none/seed-0 holds .*steps: 40 stored, 41 wanted") as said:
        store_study(TrialStore(tmp_path), changed, one, STUDY, "smoke", (override,))
    assert "Further trials of another configuration: 1." in str(said.value)
    assert (tmp_path / study.folder / "study.json").read_bytes() == before


def test_the_others_are_not_read_where_settings_are_as_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scheduler gives a command for each of ten thousand trials."""
    store(tmp_path)
    monkeypatch.setattr(TrialStore, "folders", None)
    store(tmp_path)


def test_a_run_by_another_version_deviates_only_if_it_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path)
    facts = {"ogan_bench": "9", "git_commit": None}
    monkeypatch.setattr(runner_study, "code_and_machine", lambda: facts)
    store(tmp_path)
    assert "version of ogan_bench changed" in capsys.readouterr().err
    settings = load_study(find_study(STUDY), scale="smoke")
    for trial in trials(settings, None, [0]):
        TrialStore(tmp_path).trial(trial).write(
            "result.json", {"outcome": "ok", "metrics": [], "measured": []}
        )
    store(tmp_path)
    assert "DEVIATED" not in capsys.readouterr().err


def test_trials_older_than_any_registration_are_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "mse_vs_pearson-smoke" / "none" / "seed-0" / "run.json"
    run.parent.mkdir(parents=True)
    run.write_text("{}")
    store(tmp_path)
    assert capsys.readouterr().err.startswith("Not registered: ")


class Scripted:
    """An executor whose attempts at a trial end as they are told to, one after another."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)
        self.patient: list[bool] = []

    where = "nowhere"

    def __enter__(self) -> Scripted:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, fn: object, trial: Trial, options: Options) -> Future[TrialReport]:
        self.patient.append(options.patient)
        future: Future[TrialReport] = Future()
        future.set_result(TrialReport(trial.id, self.statuses.pop(0)))  # type: ignore[arg-type]
        return future

    def interrupt(self) -> None: ...


@pytest.mark.parametrize(
    ("statuses", "ending"),
    [
        (["finished"], Ending(0)),
        (["failed"], Ending(3)),
        (["busy", "skipped"], Ending(0)),
        (["busy", "busy"], Ending(75)),
        (["busy", "failed"], Ending(3)),
        (["left"], Ending(75)),
        (["interrupted"], Ending(75, is_stopped=True)),
    ],
)
def test_the_exit_code_tells_the_truth(
    statuses: list[str], ending: Ending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial left to another process was done before, and is looked at once more now."""
    executor = Scripted(*statuses)
    monkeypatch.setattr(Place, "open", lambda *_: executor)
    monkeypatch.setattr(preflight, "preflight", lambda todo: None)
    todo = trials(load_study(find_study(STUDY), scale="smoke"))[:1]
    assert execute(todo, 1, tmp_path, Place()) == ending
    assert executor.patient == [False, True][: len(statuses)]

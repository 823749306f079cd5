"""Workers that crash or hang say where they were, and a hang ends."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.runner import last_words
from ogan_bench.runner.executor import WorkerDiedError
from ogan_bench.runner.monitor import Stop
from ogan_bench.runner.scheduler import run_all
from ogan_bench.runner.stop_request import StopRequest
from ogan_bench.runner.trial import Options, TrialReport
from ogan_bench.runner.workers import LocalExecutor
from ogan_bench.store.trial_store import TrialStore
from tests.unit.runner.observed_trials import trial


def crash(path: Path, *, device: str) -> None:
    with last_words.recorded(path):
        os.kill(os.getpid(), signal.SIGSEGV)


def hang(path: Path, *, device: str) -> None:
    with last_words.recorded(path, 0.5):
        hang_with_the_interpreter()


def hang_with_the_interpreter() -> None:
    """As a library does that never gives another thread its turn."""
    ctypes.PyDLL(None).sleep(600)


def work(path: Path, *, device: str) -> bool:
    with last_words.recorded(path, 0.5):
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            time.sleep(0.01)
            last_words.sign_of_life()
        there = path.exists()
    return there and not path.exists()


@pytest.mark.parametrize(
    ("fn", "is_hang", "where"), [(crash, False, "in crash"), (hang, True, "hang_with_the_interp")]
)
def test_stacks_are_kept(fn: object, is_hang: bool, where: str, tmp_path: Path) -> None:
    path = tmp_path / "trial" / "stacks.txt"
    with LocalExecutor(["cpu"]) as executor, pytest.raises(WorkerDiedError):
        executor.submit(fn, path).result(timeout=60)  # type: ignore[arg-type]
    stacks = last_words.read(path)
    assert where in stacks
    assert last_words.is_hang(stacks) == is_hang
    assert last_words.read(path) == ""


def give_up(path: Path, *, device: str) -> bool:
    try:
        with last_words.recorded(path):
            raise InterruptedError
    except InterruptedError:
        return path.exists()


def test_an_interrupted_trial_leaves_no_empty_file(tmp_path: Path) -> None:
    with LocalExecutor(["cpu"]) as executor:
        assert not executor.submit(give_up, tmp_path / "stacks.txt").result(timeout=60)


def test_who_gives_signs_of_life_is_left_alone(tmp_path: Path) -> None:
    with LocalExecutor(["cpu"]) as executor:
        assert executor.submit(work, tmp_path / "stacks.txt").result(timeout=60)


def test_nothing_is_recorded_in_the_users_own_process(tmp_path: Path) -> None:
    with last_words.recorded(tmp_path / "stacks.txt", 1e-3):
        last_words.sign_of_life()
        time.sleep(0.01)
    assert not any(tmp_path.iterdir())


class Hanging(LocalExecutor):
    """Its trials hang, after saying where they write."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        trial, options = args
        return super().submit(hang, TrialStore(options.root).trial(trial).stacks)


class Silent:
    def tick(self) -> None: ...

    def ended(self, report: TrialReport) -> None: ...

    def stopping(self) -> None: ...


def test_a_hung_trial_fails_by_name_and_says_where_it_was(tmp_path: Path) -> None:
    hung = trial()
    TrialStore(tmp_path).trial(hung).write_heartbeat({"stage": "train"})
    with Hanging(["cpu"]) as executor:
        (report,) = run_all(
            [hung], Options(tmp_path, stall_seconds=90), executor, Silent(), StopRequest()
        )
    assert report.status == "failed"
    assert TrialStore(tmp_path).trial(hung).read_heartbeat() is None
    assert report.message == (
        "no sign of life for 1.5 min, so its process was ended; run again to resume it"
    )
    error = TrialStore(tmp_path).trial(hung).read_error()
    assert error is not None
    assert error.startswith("no sign of life for 1.5 min, so its process was ended\nTimeout (")
    assert "hang_with_the_interp" in error


def test_an_orphan_that_hangs_does_not_wait_for_ever() -> None:
    stop = Stop()
    with stop.running:
        stop.wait_until_idle(0.05)
    stop.wait_until_idle(60)
    assert not stop.running.locked()

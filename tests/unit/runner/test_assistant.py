"""A process that helps the first one, in a worker of its own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from torch import distributed as dist

from ogan_bench.runner.assistant import supervise
from ogan_bench.runner.launch import Launch
from ogan_bench.runner.stop_request import StopRequest
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.runner.workers import LocalExecutor
from ogan_bench.store.trial_store import TrialStore
from tests.unit.runner.called import awaited
from tests.unit.runner.observed_trials import trial

FIRST, SECOND = Launch(0, 0, 2), Launch(1, 1, 2)


@pytest.fixture
def _meeting_point(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What torchrun says of where the processes meet."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True)  # type: ignore[attr-defined]
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(store.port))
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")
    yield
    if dist.is_initialized():
        dist.destroy_process_group()


@pytest.mark.usefixtures("_meeting_point")
def test_a_killed_process_fails_the_trial_by_name(tmp_path: Path) -> None:
    endless = trial("training.processes=2", "training.steps=1000000", "evaluation.every=null")
    folder = TrialStore(tmp_path).trial(endless)

    def kill(executor: LocalExecutor) -> None:
        awaited(folder.log.path)
        executor.kill()

    with LocalExecutor(["cpu"]) as executor, ThreadPoolExecutor(2) as threads:
        other = threads.submit(supervise, endless, SECOND, executor, StopRequest())
        killer = threads.submit(kill, executor)
        report = run_trial(endless, Options(tmp_path, checkpoint_seconds=0, launch=FIRST), "cpu")
        killer.result()
        assert (other.result() or "").startswith(
            "process 1 of t/pearson/seed-0: its process was killed (SIGKILL)"
        )
    assert report.status == "failed"
    assert "another of the 2 processes of this trial is gone; the same command" in report.message
    assert "is gone" in folder.error.read_text()
    assert folder.checkpoint.exists()
    assert not folder.is_running


class Stopped:
    """An executor whose work ends when it is asked to."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.pool = ThreadPoolExecutor(1)

    def submit(self, fn: Any, *args: Any) -> Future[Any]:
        os.kill(os.getpid(), signal.SIGTERM)
        return self.pool.submit(self.asked.wait, 30)

    def interrupt(self) -> None:
        self.asked.set()

    def kill(self) -> None:
        raise AssertionError("one signal is no reason to kill")


def test_a_signal_to_it_is_handed_on() -> None:
    stop, executor = StopRequest(), Stopped()
    before = signal.signal(signal.SIGTERM, stop.receive)
    try:
        chosen = trial("training.processes=2")
        assert supervise(chosen, SECOND, cast(LocalExecutor, executor), stop) is None
    finally:
        signal.signal(signal.SIGTERM, before)
    assert executor.asked.is_set()

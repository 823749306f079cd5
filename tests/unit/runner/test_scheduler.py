"""Watching over trials: what a Ctrl-C does to those that run and to those that wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from ogan_bench.runner.scheduler import run_all
from ogan_bench.runner.trial import Options, TrialReport
from ogan_bench.runner.workers import LocalExecutor
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial, trials


class OneSlot:
    """An executor of one slot, whose trial runs until the run is interrupted."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.asked = threading.Event()

    def submit(self, fn: Any, trial: Trial, options: Options) -> Future[TrialReport]:
        return self.pool.submit(self._run, trial)

    def _run(self, trial: Trial) -> TrialReport:
        assert self.asked.wait(30)
        return TrialReport(trial.id, "interrupted")

    def interrupt(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.asked.set()

    def kill(self) -> None:
        raise AssertionError("one Ctrl-C is no reason to kill")


class Impatient:
    """Somebody who presses Ctrl-C at the first look."""

    def __init__(self) -> None:
        self.looks = 0

    def tick(self) -> None:
        self.looks += 1
        if self.looks == 1:
            raise KeyboardInterrupt
        assert self.looks < 40, "the run still waits, ten seconds after the Ctrl-C"

    def ended(self, report: TrialReport) -> None: ...

    def stopping(self) -> None: ...


@pytest.fixture(autouse=True)
def _restore_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_an_interrupted_run_does_not_wait_for_trials_that_never_began() -> None:
    wanted = trials(load_study(Path("studies/mse_vs_pearson.yaml"), scale="smoke"))
    executor = OneSlot()
    reports, interrupted = run_all(
        wanted, Options(Path("nowhere")), cast(LocalExecutor, executor), Impatient()
    )
    assert interrupted
    assert [report.trial for report in reports] == [wanted[0].id]

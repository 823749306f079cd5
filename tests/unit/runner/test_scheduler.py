"""Watching over trials: what a signal does to those that run and to those that wait."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from ogan_bench.runner.scheduler import run_all
from ogan_bench.runner.signals import handled
from ogan_bench.runner.stop_request import StopRequest
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
        raise AssertionError("one Ctrl-C is no reason to kill, nor is a scheduler's second signal")


class Sender:
    """Somebody who sends signals at the first look."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self.numbers = numbers
        self.looks = 0

    def tick(self) -> None:
        self.looks += 1
        if self.looks == 1:
            for number in self.numbers:
                os.kill(os.getpid(), number)
        assert self.looks < 40, "the run still waits, ten seconds after the Ctrl-C"

    def ended(self, report: TrialReport) -> None: ...

    def stopping(self) -> None: ...


WANTED = trials(load_study(Path("studies/mse_vs_pearson.yaml"), scale="smoke"))


def watch_over(
    executor: object, observer: Sender, stop: StopRequest, wanted: list[Trial] = WANTED
) -> list[TrialReport]:
    with handled(stop.receive):
        return run_all(
            wanted, Options(Path("nowhere")), cast(LocalExecutor, executor), observer, stop
        )


@pytest.mark.parametrize(
    "numbers", [[signal.SIGINT], [signal.SIGHUP], [signal.SIGUSR1, signal.SIGTERM, signal.SIGTERM]]
)
def test_a_stopped_run_does_not_wait_for_trials_that_never_began(
    numbers: list[signal.Signals],
) -> None:
    stop = StopRequest()
    reports = watch_over(OneSlot(), Sender(*numbers), stop)
    assert [report.trial for report in reports] == [WANTED[0].id]
    assert stop.exit_code == (130 if signal.SIGINT in numbers else 75)


def test_a_run_stops_when_its_hours_are_over() -> None:
    stop = StopRequest(max_hours=0)
    assert len(watch_over(OneSlot(), Sender(), stop)) == 1
    assert (stop.exit_code, stop.reason) == (75, "Stopped after --max-hours 0")


class Told(OneSlot):
    """Its first trial stops because others told its process to, as a limit on CPU time does."""

    def _run(self, trial: Trial) -> TrialReport:
        return TrialReport(trial.id, "interrupted") if trial is WANTED[0] else super()._run(trial)


def test_a_worker_that_was_told_to_stop_stops_the_run() -> None:
    stop = StopRequest()
    reports = watch_over(Told(), Sender(), stop)
    assert len(reports) < len(WANTED)
    assert {report.status for report in reports} == {"interrupted"}
    assert stop.exit_code == 75


class Lost(OneSlot):
    """The report of its first trial does not come through."""

    def _run(self, trial: Trial) -> TrialReport:
        if trial is WANTED[0]:
            raise MemoryError
        return TrialReport(trial.id, "finished")


def test_a_report_that_is_lost_fails_one_trial() -> None:
    lost, *others = watch_over(Lost(), Sender(), StopRequest())
    assert (lost.trial, lost.status, lost.message) == (WANTED[0].id, "failed", "MemoryError")
    assert {report.status for report in others} == {"finished"}
    assert len(others) == len(WANTED) - 1


class Killed(OneSlot):
    """Its trial goes on until it is killed."""

    def interrupt(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)

    def kill(self) -> None:
        self.asked.set()


def test_a_second_ctrl_c_kills() -> None:
    stop = StopRequest()
    watch_over(Killed(), Sender(signal.SIGINT, signal.SIGINT), stop, WANTED[:1])
    assert stop.exit_code == 130

"""Supervises the trials of a run until all have ended or the run is interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Protocol

from ogan_bench.errors import UserError, in_one_line
from ogan_bench.runner import last_words
from ogan_bench.runner.executor import Executor, WorkerDiedError
from ogan_bench.runner.stop_request import StopRequest
from ogan_bench.runner.trial import Options, TrialReport, run_trial
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.trial import Trial

POLL_SECONDS = 0.25


class ProgressDisplay(Protocol):
    """Displays the progress of a run."""

    def tick(self) -> None:
        """Called a few times a second."""

    def ended(self, report: TrialReport) -> None:
        """Called when an attempt at a trial has ended."""

    def stopping(self) -> None:
        """Called when the run has been asked to stop and is waiting for trials to save."""


def run_all(
    trials: Sequence[Trial],
    options: Options,
    executor: Executor,
    observer: ProgressDisplay,
    stop: StopRequest,
) -> list[TrialReport]:
    """Run trials until all have ended, or until it is asked to stop.

    Then the running trials save their state; a second Ctrl-C kills them, which loses the work since
    their last checkpoint.

    Returns:
        Reports of all trials that were started.
    """
    stop.defer()
    pending = {executor.submit(run_trial, trial, options): trial for trial in trials}
    reports: list[TrialReport] = []
    is_stopping = is_killed = False
    while pending:
        done, _ = wait(pending, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        # `wait` does not report futures cancelled before a thread picked them up.
        done |= {future for future in pending if future.cancelled()}
        for future in done:
            report = _report(future, pending.pop(future), options)
            if report is not None:
                reports.append(report)
                observer.ended(report)
                if report.status == "interrupted":
                    stop.worker_stopped()
        observer.tick()
        if stop.is_due and not is_stopping:
            is_stopping = True
            executor.interrupt()
            observer.stopping()
        if stop.kills and not is_killed:
            is_killed = True
            executor.kill()
    return reports


def _report(future: Future[TrialReport], trial: Trial, options: Options) -> TrialReport | None:
    """The report of a finished future, or ``None`` if the trial was never started."""
    if future.cancelled():
        return None
    try:
        return future.result()
    except WorkerDiedError as error:
        return TrialReport(trial.id, "failed", message=_death(str(error), trial, options))
    except UserError:  # no process could start
        raise
    except Exception as error:  # not even its report came through, such as for lack of memory
        return TrialReport(trial.id, "failed", message=in_one_line(error))


def _death(cause: str, trial: Trial, options: Options) -> str:
    """What is to be said of a trial whose process died; where it was goes to ``error.txt``."""
    folder = TrialStore(options.root).trial(trial)
    folder.heartbeat.unlink(missing_ok=True)
    stacks = last_words.read(folder.stacks)
    if last_words.is_hang(stacks) and options.stall_seconds is not None:
        minutes = options.stall_seconds / 60
        cause = f"no sign of life for {minutes:g} min, so its process was ended"
    folder.write_error("\n".join(filter(None, (cause, stacks))))
    return f"{cause}; run again to resume it"

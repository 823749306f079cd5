"""Trials as jobs of Slurm, by submitit: arrays, and a job that its time limit stopped goes on."""

from __future__ import annotations

import functools
import math
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from ogan_bench.errors import UserError
from ogan_bench.runner.executor import WorkerDiedError
from ogan_bench.runner.job import call_in_main_thread

T = TypeVar("T")

DEFAULTS: dict[str, str | int | float] = {
    "name": "ogan-bench",
    "timeout_min": 240,
    "cpus_per_task": 1,
}
"""What a job asks for unless the user says otherwise; names are those of submitit."""

POLL_SECONDS = 5.0
"""Between two looks for results."""

QUEUE_SECONDS = 30.0
"""Between two questions to Slurm, which many may ask."""

GATHER_SECONDS = 0.5
"""Calls that follow each other within this time become one array of jobs."""

RULE = "\n----------------------\n"
"""What submitit puts before and after the traceback of a job in its message."""

FRUITLESS = 3
"""Stops in a row without a step of progress after which a trial is given up."""


@dataclass
class _Call:
    """A call, and the job that makes it."""

    fn: Callable[..., Any]
    args: tuple[object, ...]
    future: Future[Any]
    job: Any = None
    step: int = -1
    fruitless: int = 0


class SlurmExecutor:
    """One job per call; an :class:`~ogan_bench.runner.executor.Executor`.

    All machines share the results folder. A job that Slurm stops at its time limit gets SIGUSR2 a
    while before, saves its state and is submitted again, as long as it gets on. One that is
    pre-empted and requeued goes on by itself.

    Args:
        folder: For the jobs' files and output.
        parameters: What a job asks for, as :class:`submitit.AutoExecutor` takes it, for example
            ``slurm_partition``, ``gpus_per_node``, ``timeout_min``.
        device: As on the command line; chosen on the node.
        workers: Jobs at a time; ``None``: as many as Slurm has room for.
        cluster: ``slurm``, or ``local``: submitit's stand-in, for tests.
        poll_seconds: Between two looks for results.

    Raises:
        UserError: submitit or Slurm is not there, or it has no such parameter.
    """

    def __init__(
        self,
        folder: Path,
        parameters: Mapping[str, str | int | float],
        device: str,
        workers: int | None = None,
        *,
        cluster: Literal["slurm", "local"] = "slurm",
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        try:
            import submitit
        except ModuleNotFoundError:
            raise UserError(
                'submitit is not installed: pip install "ogan-bench[slurm]", or -e ".[slurm]"'
            ) from None
        if cluster == "slurm" and shutil.which("sbatch") is None:
            raise UserError("--executor slurm: there is no sbatch here; use a login node")
        self._executor = submitit.AutoExecutor(folder.resolve() / "%j", cluster=cluster)
        wanted = {**DEFAULTS, **parameters}
        if workers is not None:
            wanted["slurm_array_parallelism"] = workers
        try:
            self._executor.update_parameters(**wanted)
        except (NameError, AssertionError, ValueError, TypeError) as error:
            raise UserError(f"--job: {' '.join(str(error).split())}") from None
        self.where = f"jobs of Slurm, whose output is in {folder}"
        self._cluster = cluster
        self._device = device
        self._poll_seconds = poll_seconds
        self._lock = threading.Condition()
        self._waiting: list[_Call] = []
        self._running: list[_Call] = []
        self._is_stopping = self._is_closed = False
        self._asked = -math.inf
        self._queue: set[str] | None = None
        self._thread = threading.Thread(target=self._watch, name="slurm", daemon=True)
        self._thread.start()

    def submit(self, fn: Callable[..., T], /, *args: object) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            if self._is_stopping:
                future.cancel()
            else:
                self._waiting.append(_Call(fn, args, future))
                self._lock.notify()
        return future

    def interrupt(self) -> None:
        with self._lock:
            self._is_stopping = True
            for call in self._waiting:
                call.future.cancel()
            self._waiting.clear()
            for call in self._running:
                if self._cluster == "local":
                    os.kill(int(call.job.job_id), signal.SIGTERM)  # `cancel` gives no time to save
                else:
                    call.job.cancel(check=False)

    def kill(self) -> None:
        with self._lock:
            self._is_stopping = True
            for call in [*self._waiting, *self._running]:
                call.future.cancel()
            for call in self._running:
                call.job.cancel(check=False)
            self._waiting.clear()
            self._running.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        with self._lock:
            self._is_closed = True
            self._lock.notify()
        self._thread.join()

    def _watch(self) -> None:
        """Submit what is waiting and look for results, until the executor is closed."""
        while True:
            with self._lock:
                if not self._waiting and not self._is_closed:
                    self._lock.wait(self._poll_seconds)
                if self._is_closed:
                    return
                has_more = bool(self._waiting)
            if has_more:
                time.sleep(GATHER_SECONDS)
                self._submit_waiting()
            for call in list(self._running):
                self._look(call)

    def _submit_waiting(self) -> None:
        """One array of jobs for all calls that wait."""
        with self._lock:
            calls, self._waiting = self._waiting, []
            functions = [
                functools.partial(call_in_main_thread, call.fn, call.args, self._device)
                for call in calls
            ]
            try:
                jobs = self._executor.submit_array(functions) if calls else []
            except Exception as error:  # of the sbatch command: submitit documents none
                for call in calls:
                    call.future.set_exception(
                        WorkerDiedError(f"not submitted: {_last_line(str(error))}")
                    )
                return
            for call, job in zip(calls, jobs, strict=True):
                call.job = job
            self._running += calls
            # What Slurm said before does not name them, and it may take a moment to know them.
            self._queue, self._asked = None, time.monotonic()

    def _look(self, call: _Call) -> None:
        """Hand on the result of a job, submit it again, or note that it died."""
        has_result = call.job.paths.result_pickle.exists()
        if not has_result:
            if not self._is_gone(call):
                return
            has_result = self._appears(call.job.paths.result_pickle)
        with self._lock:
            if call not in self._running:
                return  # killed meanwhile
            self._running.remove(call)
        if not has_result:  # submitit would wait for it, for ever if Slurm keeps no accounts
            self._died(call, "")
            return
        try:
            result = call.job.result()
        except Exception as error:  # FailedJobError, or of unpickling
            self._died(call, _raised(error) or _last_line(str(error)))
            return
        step = getattr(result, "step", None)
        if getattr(result, "status", None) == "interrupted" and not self._is_stopping:
            call.fruitless = 0 if step is not None and step > call.step else call.fruitless + 1
            call.step = call.step if step is None else step
            if call.fruitless < FRUITLESS:
                with self._lock:
                    self._waiting.append(call)
                    self._lock.notify()
                return
            call.future.set_exception(
                WorkerDiedError(
                    f"stopped {FRUITLESS} times without getting further; its jobs need more time "
                    "(--job timeout_min=...)"
                )
            )
            return
        call.future.set_result(result)

    def _is_gone(self, call: _Call) -> bool:
        """Whether a job has ended, according to Slurm's queue."""
        if self._cluster == "local":
            return bool(call.job.done())
        every = self._poll_seconds if self._is_stopping else QUEUE_SECONDS
        if time.monotonic() - self._asked >= every:
            self._asked = time.monotonic()
            self._queue = _queue()
        return self._queue is not None and call.job.job_id not in self._queue

    def _appears(self, result: Path) -> bool:
        """Whether a file of another machine becomes visible here; caches of NFS take seconds."""
        until = time.monotonic() + 3 * self._poll_seconds
        while not result.exists():
            if time.monotonic() > until:
                return False
            time.sleep(self._poll_seconds / 10)
        return True

    def _died(self, call: _Call, raised: str) -> None:
        """What to say of a job that returned nothing; a stopping run does not ask."""
        if self._is_stopping and call.future.cancel():
            return
        state = "" if self._cluster == "local" else _state(call.job.job_id)
        said = raised or (f"Slurm says {state}" if state else "killed or crashed")
        call.future.set_exception(
            WorkerDiedError(
                f"job {call.job.job_id} ended without a result ({said}); its output is in "
                f"{call.job.paths.stderr}"
            )
        )


def _queue() -> set[str] | None:
    """Jobs of this user that wait or run; ``None`` if Slurm does not answer."""
    command = ["squeue", "--me", "--noheader", "--array", "--format=%i"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return set(found.stdout.split())


def _state(job: str) -> str:
    """How Slurm says that a job ended, such as OUT_OF_MEMORY; empty if it does not remember."""
    for command in (
        ["sacct", "--noheader", "--allocations", "--format=State%30", "--jobs", job],
        ["squeue", "--noheader", "--states=all", "--format=%T", "--jobs", job],
    ):
        try:
            found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        except (OSError, subprocess.SubprocessError):
            continue
        if found.stdout.strip():
            return found.stdout.strip().splitlines()[0].strip()
    return ""


def _raised(error: Exception) -> str:
    """What was raised in a job, of submitit's message; empty if the job left none."""
    parts = str(error).split(RULE)
    return _last_line(parts[1]) if len(parts) == 3 else ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""

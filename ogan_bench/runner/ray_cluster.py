"""Trials on a cluster of Ray: one actor per trial, with a share of a GPU if one is asked for."""

from __future__ import annotations

import contextlib
import importlib
import logging
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

from ogan_bench.errors import UserError
from ogan_bench.runner.executor import WorkerDiedError
from ogan_bench.runner.job import call

T = TypeVar("T")

PARAMETERS = ("address", "num_cpus", "num_gpus", "memory")
"""What a user may ask for: the cluster, and what an actor takes of it; memory is in bytes."""


class Actor:
    """A process that makes one call, and can be asked to stop meanwhile, also by a signal."""

    def __init__(self) -> None:
        from ogan_bench.runner.monitor import STOP

        STOP.install()

    def run(self, fn: Callable[..., T], args: tuple[object, ...], device: str) -> T:
        """:func:`~ogan_bench.runner.job.call`."""
        return call(fn, args, device)

    def stop(self) -> None:
        """Ask the running trial to save its state and stop."""
        from ogan_bench.runner.monitor import STOP

        STOP.set()


class RayExecutor:
    """One actor per call; an :class:`~ogan_bench.runner.executor.Executor`.

    All nodes share the results folder and have this package. Nothing is retried: a trial whose
    process or node died has failed, and resumes where it was when the study is run again.

    Args:
        parameters: Some of :data:`PARAMETERS`; without ``address`` a cluster of this machine is
            started for the run.
        device: As on the command line; chosen in the actor.
        workers: Actors at a time; ``None``: as many as the cluster has room for at the start.
        trials: Actors at a time at the most.

    Raises:
        UserError: Ray is not installed, there is no such cluster or parameter, or the cluster has
            no room for one actor.
    """

    def __init__(
        self,
        parameters: Mapping[str, str | int | float],
        device: str,
        workers: int | None = None,
        trials: int = 1,
    ) -> None:
        try:
            ray: Any = importlib.import_module("ray")  # its annotations are incomplete
        except ModuleNotFoundError:
            raise UserError(
                'ray is not installed: pip install "ogan-bench[ray]", or -e ".[ray]"'
            ) from None
        wanted: dict[str, Any] = {"num_cpus": 1, "num_gpus": 0, **parameters}
        if unknown := wanted.keys() - set(PARAMETERS):
            raise UserError(f"--job {min(unknown)}: Ray is asked for {', '.join(PARAMETERS)}")
        address = wanted.pop("address", None)
        self._ray = ray
        self._is_ours = not ray.is_initialized()
        if self._is_ours:
            try:
                ray.init(address, log_to_driver=False, logging_level=logging.WARNING)
            except (ConnectionError, ValueError) as error:
                reason = " ".join(str(error).split())
                raise UserError(f"--job address={address}: {reason}") from None
        room = _room(ray.cluster_resources(), wanted)
        if room == 0:
            self._close()
            asked = ", ".join(f"{key}={value}" for key, value in wanted.items())
            raise UserError(f"--executor ray: the cluster has no room for one actor of {asked}")
        count = max(1, min(workers or room, trials))
        self.where = f"Ray, {count} at a time"
        self._device = device
        self._actor = ray.remote(Actor).options(**wanted, max_concurrency=2, max_restarts=0)
        self._lock = threading.Lock()
        self._running: set[Any] = set()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="actor")

    def submit(self, fn: Callable[..., T], /, *args: object) -> Future[T]:
        return self._threads.submit(self._call, fn, args)

    def _call(self, fn: Callable[..., T], args: tuple[object, ...]) -> T:
        actor = self._actor.remote()
        with self._lock:
            self._running.add(actor)
        try:
            result: T = self._ray.get(actor.run.remote(fn, args, self._device))
        except self._ray.exceptions.RayError as error:
            raise WorkerDiedError(_cause(error)) from None
        finally:
            with self._lock:
                self._running.discard(actor)
            self._ray.kill(actor)
        return result

    def interrupt(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for actor in self._running:
                actor.stop.remote()

    def kill(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for actor in self._running:
                self._ray.kill(actor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._threads.shutdown()
        self._close()

    def _close(self) -> None:
        if self._is_ours:
            with contextlib.suppress(Exception):  # a cluster that is gone cannot be left
                self._ray.shutdown()


def _room(has: Mapping[str, float], wanted: Mapping[str, float]) -> int:
    """How many actors a cluster has room for.

    >>> _room({"CPU": 8.0, "GPU": 2.0}, {"num_cpus": 1, "num_gpus": 0.25})
    8
    """
    names = {"num_cpus": "CPU", "num_gpus": "GPU", "memory": "memory"}
    shares = [has.get(names[key], 0.0) / value for key, value in wanted.items() if value > 0]
    return int(min(shares, default=1.0))


def _cause(error: Exception) -> str:
    """What was raised in an actor, or why Ray says that it died."""
    if (raised := getattr(error, "cause", None)) is not None:
        return f"{type(raised).__name__}: {raised}"
    because = re.search(r"because (its [^.]+)\.", str(error))
    said = because[1] if because else type(error).__name__
    return f"its process on the cluster is gone ({said})"

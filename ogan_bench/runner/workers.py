"""Runs trials in parallel processes on this machine.

Every slot is a separate process with its own device, so a process that dies affects exactly one
trial, and it is known which. Workers print nothing: they write heartbeat files.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from ogan_bench.errors import UserError
from ogan_bench.runner import last_words, signals
from ogan_bench.runner.death import cause, memory_kills
from ogan_bench.runner.executor import WorkerDiedError

T = TypeVar("T")

EXIT_CODE_SECONDS = 5.0
"""How long the exit code of a dead process is waited for."""

ORPHAN_SECONDS = 300.0
"""How long a worker whose parent has died may take to save its trial."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


NOT_STARTED = (
    "a worker process ended before it could start. Workers import the script that starts them: "
    'does it call ogan_bench.run below `if __name__ == "__main__":`? If so, memory may have run out'
)


def exit_if_imported_by_worker() -> None:
    """End a worker that is still importing the user's script, which then has no main guard.

    Without a word: its parent says what is wrong, see :data:`NOT_STARTED`.
    """
    # As multiprocessing itself recognises it, in spawn._check_not_importing_main.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(1)


class LocalExecutor(Executor):
    """One spawned process per device in ``devices``; work waits for a free one.

    The function handed to :meth:`submit` is called with the device of its slot as the keyword
    argument ``device``.

    Args:
        devices: Torch device of each slot, for example ``["cpu", "cpu"]`` or ``["cuda:0"]``.
    """

    def __init__(self, devices: Sequence[str]) -> None:
        self.where = ", ".join(f"{devices.count(name)} x {name}" for name in dict.fromkeys(devices))
        self._free: queue.Queue[_Slot] = queue.Queue()
        with _one_thread_each():
            self._slots = [_Slot(device) for device in devices]
        for slot in self._slots:
            self._free.put(slot)
        self._threads = ThreadPoolExecutor(len(devices), thread_name_prefix="slot")

    def submit(  # the slot adds the keyword argument `device`
        self, fn: Callable[..., T], /, *args: Any, **kwargs: Any
    ) -> Future[T]:
        """Call ``fn(*args, **kwargs, device=...)`` in the next free slot.

        The future raises :class:`WorkerDiedError` if the process dies, and :class:`UserError` if
        it died before it could start; then no other call is begun.
        """
        return self._threads.submit(self._in_slot, fn, *args, **kwargs)

    def _in_slot(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        slot = self._free.get()
        try:
            return slot.call(fn, *args, **kwargs)
        except UserError:
            if not slot.has_started:
                self._threads.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            self._free.put(slot)

    def interrupt(self) -> None:
        """Cancel pending work, and ask running trials to save their state and stop."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for slot in self._slots:
            slot.signal(signals.TO_WORKERS)

    def kill(self) -> None:
        """Kill all processes immediately."""
        for slot in self._slots:
            slot.signal(signal.SIGKILL)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for slot in self._slots:
            slot.pool.shutdown(wait=wait, cancel_futures=cancel_futures)


class _Slot:
    """One process with its device; replaced by a new one if it dies."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.start()

    def start(self) -> None:
        self.pool = ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
        )
        # A signal must not kill the new interpreter before it has installed its own handlers.
        with signals.blocked():
            self._pid = self.pool.submit(os.getpid)

    def call(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        process, kills = None, memory_kills()
        try:
            pid = self._pid.result()
            # A pool does not show its processes, and a dead one is no longer among the children.
            process = next((p for p in multiprocessing.active_children() if p.pid == pid), None)
            return self.pool.submit(fn, *args, **kwargs, device=self.device).result()
        except BrokenProcessPool:
            if not self.has_started:
                raise UserError(NOT_STARTED) from None
            with _one_thread_each():
                self.start()
            raise WorkerDiedError(cause(_exit_code(process), kills, memory_kills())) from None

    @property
    def has_started(self) -> bool:
        """Whether the process has imported everything and answered."""
        return self._pid.done() and self._pid.exception() is None

    def signal(self, number: int) -> None:
        with contextlib.suppress(BrokenProcessPool, ProcessLookupError, TimeoutError):
            os.kill(self._pid.result(timeout=30), number)


def _exit_code(process: BaseProcess | None) -> int | None:
    """Of a process whose end has been noticed; ``None`` if it cannot be found out.

    The pool waits for the process too, and whoever of the two comes second learns nothing from the
    system; so it is asked for until the first one has noted it.
    """
    until = time.monotonic() + EXIT_CODE_SECONDS
    while process is not None and time.monotonic() < until:
        if process.exitcode is not None:
            return process.exitcode
        time.sleep(0.01)
    return None


def _start_worker() -> None:
    """Set up a worker: install signal handlers, and exit when its parent dies."""
    from ogan_bench.runner.monitor import STOP

    STOP.install()
    signals.unblock()
    last_words.allow()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_outlive, args=(parent.sentinel,), daemon=True).start()


def _outlive(sentinel: int) -> None:
    """Once the parent has died, let the running trial save its state, then exit.

    A trial that hangs does not save; its process must not hold it for ever.
    """
    from ogan_bench.runner.monitor import STOP

    wait_for([sentinel])
    STOP.set()
    STOP.wait_until_idle(ORPHAN_SECONDS)
    os._exit(1)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started in this context use one thread each in numerical libraries.

    More threads than cores make small convolutions 5 to 10 times slower, and the number of threads
    changes the last bits of sums.
    """
    old = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

"""Signals that ask a run to save its state and stop.

Ctrl-C comes from a person. The others come from a scheduler, which wants the machine back: SIGTERM
(Slurm, Kubernetes, a shutdown), SIGUSR1 and SIGUSR2 (``sbatch --signal``), SIGHUP (the connection
is gone) and SIGXCPU (a limit on CPU time).
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType

SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGHUP,
    signal.SIGXCPU,
)

TO_WORKERS = signal.SIGTERM
"""What a run asks its workers with; handled even where it was ignored."""

Handler = Callable[[int, FrameType | None], None]


def handle(handler: Handler) -> dict[signal.Signals, object]:
    """Handle all of them, except those that the user has had ignored, as ``nohup`` does SIGHUP.

    Must be called in the main thread.

    Returns:
        Signal to its handler before.
    """
    before: dict[signal.Signals, object] = {}
    for number in SIGNALS:
        if number == TO_WORKERS or signal.getsignal(number) != signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    return before


@contextmanager
def handled(handler: Handler) -> Iterator[None]:
    """:func:`handle` for as long as the block runs."""
    before = handle(handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old or signal.SIG_DFL)  # type: ignore[arg-type]


@contextmanager
def blocked() -> Iterator[None]:
    """Processes started in this context receive none of them before they call :func:`unblock`."""
    resource_tracker.ensure_running()  # its start would unblock some
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock() -> None:
    """Receive them, first of all those that have come meanwhile."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

"""Whether a run is to stop, why, and what its exit code says of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType

EXIT_INTERRUPTED = 130
EXIT_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: nothing is wrong, and the same command goes on; requeue it."""


class StopRequest:
    """A run's own record of who has asked it to stop; signals are one way to ask.

    Args:
        max_hours: Wall-clock hours from now after which it is to stop; ``None``: no limit.
        clock: Gives seconds.
    """

    def __init__(
        self, max_hours: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._max_hours = max_hours
        self._started = clock()
        self._received: list[signal.Signals] = []
        self._by_worker = False
        self._is_deferred = False

    def receive(self, number: int, frame: FrameType | None = None) -> None:
        """Handler of signals.

        Raises:
            KeyboardInterrupt: :meth:`defer` has not been called: there is nothing to save yet.
        """
        del frame
        self._received.append(signal.Signals(number))
        if not self._is_deferred:
            raise KeyboardInterrupt

    def defer(self) -> None:
        """From now on signals raise nothing: who runs the trials looks at :attr:`is_due`."""
        self._is_deferred = True

    def worker_stopped(self) -> None:
        """A worker was asked by others than this run, and has stopped: so do all."""
        self._by_worker = True

    @property
    def is_due(self) -> bool:
        """Whether the run is to save its state and stop."""
        return bool(self._received) or self._by_worker or self._is_over_time

    @property
    def kills(self) -> bool:
        """Whether somebody has lost patience: a second Ctrl-C. A scheduler may repeat itself."""
        return self._received.count(signal.SIGINT) > 1

    @property
    def exit_code(self) -> int:
        """Of a run that has stopped."""
        return EXIT_INTERRUPTED if signal.SIGINT in self._received else EXIT_AGAIN

    @property
    def reason(self) -> str:
        """In words, for the user."""
        if signal.SIGINT in self._received:
            return "Interrupted"
        if self._received:
            return f"Stopped by {self._received[0].name}"
        if self._is_over_time:
            return f"Stopped after --max-hours {self._max_hours:g}"
        return "Stopped, because a worker was told to"

    @property
    def _is_over_time(self) -> bool:
        return (
            self._max_hours is not None and self._clock() - self._started >= 3600 * self._max_hours
        )

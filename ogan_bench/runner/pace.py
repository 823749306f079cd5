"""How fast trials and a run get on, and how long they have left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from ogan_bench.files import Record


def steps_per_second(beat: Record) -> float:
    """Training steps per second of a trial, evaluations excluded; nan if unknown.

    Args:
        beat: The trial's heartbeat.
    """
    seconds = beat.get("seconds")
    return beat["step"] / seconds if seconds else math.nan


def seconds_of_training_left(beat: Record) -> float:
    """Seconds until the last step of a trial at the speed so far; nan if unknown."""
    rate = steps_per_second(beat)
    return (beat["steps"] - beat["step"]) / rate if rate else math.nan


def left(seconds: float) -> str:
    """``about 0:12:30 left``; empty if unknown.

    >>> left(750.2)
    'about 0:12:30 left'
    """
    return f"about {timedelta(seconds=round(seconds))} left" if math.isfinite(seconds) else ""


class Pace:
    """Steps of a run so far against wall-clock time, which evaluations and start-up are part of.

    Args:
        steps: Trial to the number of its training steps.
        before: Trial to the steps that earlier attempts have done.
        clock: Gives seconds.
    """

    def __init__(
        self,
        steps: Mapping[str, int],
        before: Mapping[str, int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open = dict(steps)
        self._before = before
        self._at = dict(before)
        self._clock = clock
        self._started = clock()

    def reach(self, trial: str, step: int) -> None:
        """A trial has reached a step."""
        self._at[trial] = step

    def end(self, trial: str) -> None:
        """A trial has ended, at its last step or earlier: it has nothing left to do."""
        steps = self._open.pop(trial, None)
        if steps is not None:
            self._at[trial] = max(self._at.get(trial, 0), steps)

    @property
    def seconds_left(self) -> float:
        """Seconds that the open trials need at the pace so far; nan before the first step."""
        done = sum(step - self._before.get(trial, 0) for trial, step in self._at.items())
        rest = sum(steps - self._at.get(trial, 0) for trial, steps in self._open.items())
        return rest * (self._clock() - self._started) / done if done > 0 else math.nan

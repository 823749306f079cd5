"""What the trials of a study are doing, according to their heartbeats; takes no locks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore


@dataclass(frozen=True)
class Row:
    """A planned trial that is not done.

    Args:
        name: ``arm/seed-0``.
        stage: ``train``, ``evaluate``, ..., or what it waits for.
        step: Training steps so far.
        steps: Total training steps; ``None`` before it starts.
        rate: Training steps per second; nan if unknown.
        seconds: Estimated time to the last step: remaining steps divided by the rate.
        silent: Seconds since the last heartbeat, if there is one.
    """

    name: str
    stage: str
    step: int = 0
    steps: int | None = None
    rate: float = math.nan
    seconds: float = math.nan
    silent: float | None = None


@dataclass(frozen=True)
class Progress:
    """Progress of a study.

    Args:
        planned: Trials of the study.
        done: Those with a result.
        running: Those with a heartbeat.
        waiting: The rest.
    """

    planned: int
    done: int
    running: tuple[Row, ...]
    waiting: tuple[Row, ...]


def progress(store: TrialStore, study: str, now: float) -> Progress:
    """Progress of a stored study.

    Args:
        store: The results folder.
        study: Name of the study's folder.
        now: Seconds since 1970.

    Raises:
        UserError: There is no such study.
    """
    record = store.read_study(study)
    running, waiting, done = [], [], 0
    planned = [(arm, seed) for seed in record["seeds"] for arm in record["arms"]]
    for arm, seed in planned:
        name = f"{arm}/seed-{seed}"
        folder = TrialFolder(store.root / study / name)
        # Not read unless it is there: of ten thousand trials, few are running.
        beat = folder.read_heartbeat() if folder.heartbeat.exists() else None
        if beat is not None:
            running.append(_running(name, beat, now))
        elif folder.is_finished:
            done += 1
        else:
            waiting.append(Row(name, _wait(folder)))
    return Progress(len(planned), done, tuple(running), tuple(waiting))


def _running(name: str, beat: Record, now: float) -> Row:
    """A trial with a heartbeat. Its rate is that of training alone, without evaluations.

    Raises:
        UserError: The heartbeat is from another version.
    """
    try:
        step, steps = int(beat["step"]), int(beat["steps"])
        silent = max(0.0, now - float(beat["time"]))
        stage = ": ".join(filter(None, (str(beat["stage"]), beat.get("measuring"))))
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{name}: its progress.json cannot be read") from None
    seconds = beat.get("seconds")
    rate = step / seconds if isinstance(seconds, int | float) and seconds > 0 else math.nan
    return Row(name, stage, step, steps, rate, (steps - step) / rate if rate else math.nan, silent)


def _wait(folder: TrialFolder) -> str:
    if folder.read_error() is not None:
        return "failed"
    return "interrupted" if folder.is_started else "not started"

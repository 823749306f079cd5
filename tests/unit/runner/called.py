"""What other processes are asked to do in tests of executors; loads no torch."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from ogan_bench.runner.monitor import STOP


@dataclass(frozen=True)
class Report:
    """As that of a trial: whether it was interrupted, and how far it came."""

    status: str
    step: int = 0


def double(number: int, *, device: str) -> tuple[int, str]:
    return 2 * number, device


def die(*, device: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(*, device: str) -> None:
    raise ValueError("no such luck")


def wait_for_stop(started: Path, *, device: str) -> Report:
    started.write_text(str(os.getpid()))
    until = time.monotonic() + 180
    while not STOP.is_set():
        assert time.monotonic() < until, "nobody asked it to stop"
        time.sleep(0.05)
    return Report("interrupted", 5)


def stopped_at(log: Path, steps: tuple[int, ...], *, device: str) -> Report:
    """Interrupted at these steps, one a call, then finished."""
    done = len(log.read_text().splitlines()) if log.exists() else 0
    with log.open("a") as file:
        file.write("called\n")
    return Report("interrupted", steps[done]) if done < len(steps) else Report("finished")


def awaited(path: Path) -> str:
    """The text of a file that another process writes."""
    until = time.monotonic() + 180
    while not path.exists() or not path.read_text():
        assert time.monotonic() < until, f"{path} was not written"
        time.sleep(0.05)
    return path.read_text()

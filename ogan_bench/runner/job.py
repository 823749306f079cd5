"""A call in a process that another program has started: a job of Slurm, an actor of Ray."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ogan_bench.runner import last_words
from ogan_bench.runner.devices import slots
from ogan_bench.runner.monitor import STOP

T = TypeVar("T")


def call(fn: Callable[..., T], args: tuple[object, ...], device: str) -> T:
    """``fn(*args, device=...)`` on a device of the machine that this runs on.

    Args:
        fn: The function.
        args: Its positional arguments.
        device: As the user named it; ``auto`` is decided here.
    """
    last_words.allow()
    here = device if device == "cpu" else slots(device, 1, 1)[0]  # which loads torch
    return fn(*args, device=here)


def call_in_main_thread(fn: Callable[..., T], args: tuple[object, ...], device: str) -> T:
    """The same where signals ask to save and stop."""
    STOP.install()
    return call(fn, args, device)

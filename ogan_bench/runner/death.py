"""Why a process died, as far as the system tells its parent."""

from __future__ import annotations

import signal
from pathlib import Path

CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
"""Signals that a process gets for what its own code did."""


def memory_kills(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """How many processes the kernel has killed for lack of memory so far; ``None`` if unknown.

    Those of this process's control group (version 2) if there is one, such as a container or a
    job of a scheduler; else those of the machine.

    Args:
        proc: Where the kernel shows processes.
        cgroups: Where it shows control groups.
    """
    try:
        _, _, group = (proc / "self" / "cgroup").read_text().strip().rpartition("0::/")
        return _count(cgroups / group / "memory.events")
    except (OSError, ValueError):
        pass
    try:
        return _count(proc / "vmstat")
    except (OSError, ValueError):
        return None


def _count(path: Path) -> int:
    """``oom_kill`` in a file of lines ``name value``."""
    for line in path.read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == "oom_kill":
            return int(value)
    raise ValueError(f"{path}: no oom_kill")


def cause(exit_code: int | None, kills_before: int | None, kills_after: int | None) -> str:
    """In words, what ended a process.

    Args:
        exit_code: As of :class:`multiprocessing.Process`: negative for a signal; ``None``: unknown.
        kills_before: :func:`memory_kills` before its work.
        kills_after: The same after its end.

    >>> cause(-9, 3, 4)
    'the kernel killed its process for lack of memory (SIGKILL); fewer --workers need less'
    >>> cause(-11, None, None)
    'its process crashed (SIGSEGV)'
    """
    if exit_code is None:
        return "its process is gone"
    if exit_code >= 0:
        return f"its process ended with exit code {exit_code}"
    try:
        number = signal.Signals(-exit_code)
    except ValueError:  # a real-time signal
        return f"signal {-exit_code} ended its process"
    if number in CRASHES:
        return f"its process crashed ({number.name})"
    if number != signal.SIGKILL:
        return f"{number.name} ended its process"
    if kills_before is None or kills_after is None:
        return "its process was killed (SIGKILL), maybe for lack of memory"
    if kills_after > kills_before:
        return (
            "the kernel killed its process for lack of memory (SIGKILL); fewer --workers need less"
        )
    return "its process was killed (SIGKILL), not for lack of memory"

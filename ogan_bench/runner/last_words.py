"""What a process that crashes or hangs writes down: where it was.

By :mod:`faulthandler`, whose handlers need neither the interpreter nor memory: they also work when
a library of C code crashes, or hangs and never lets another thread run.
"""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ogan_bench.files import replacing


@dataclass
class _Watch:
    """What is being watched in this process.

    Args:
        file: Where the stacks go.
        seconds: Time without a sign of life after which the process is ended; ``None``: no limit.
    """

    file: IO[str]
    seconds: float | None

    def restart(self) -> None:
        if self.seconds is not None:
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=self.file)


_is_allowed = False
_watch: _Watch | None = None


def allow() -> None:
    """Say that this process is a worker's; the user's own may have set a handler of its own."""
    global _is_allowed
    _is_allowed = True


@contextmanager
def recorded(path: Path, silent_seconds: float | None = None) -> Iterator[None]:
    """Keep the stacks of a crash or a hang in a file, which is gone if neither happens.

    Only where :func:`allow` was called.

    Args:
        path: The file.
        silent_seconds: Without :func:`sign_of_life` for so long, the process is ended; ``None``:
            never.
    """
    global _watch
    if not _is_allowed:
        yield
        return
    with replacing(path, durable=False) as temporary:
        # Under a name that is new: a client of a network file system may still know a file of this
        # name that another has removed, and fail to open it.
        file = temporary.open("w")
    with file:
        faulthandler.enable(file)
        _watch = _Watch(file, silent_seconds)
        _watch.restart()
        try:
            yield
        finally:
            _watch = None
            faulthandler.cancel_dump_traceback_later()
            faulthandler.disable()
            path.unlink(missing_ok=True)


def sign_of_life() -> None:
    """Start the time anew after which a silent process is ended."""
    if _watch is not None:
        _watch.restart()


def read(path: Path) -> str:
    """The stacks that a process has left, and the file is removed; empty if it left none."""
    stacks = ""
    with suppress(OSError):
        stacks = path.read_text("utf-8", "replace")
        path.unlink()
    return stacks


def is_hang(stacks: str) -> bool:
    """Whether these are the stacks of a process that was ended because it was silent."""
    return stacks.startswith("Timeout (")

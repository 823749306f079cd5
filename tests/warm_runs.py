"""Runs of the command line whose processes are forked with everything imported already.

Processes, files, signals and limits are those of any other run. Only the seconds that each process
of it takes to import torch are saved, so that there can be many.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Self

import torch

from ogan_bench.cli import main

IMPORTED = [
    "ogan_bench.analysis.analyse",
    "ogan_bench.report.report",
    "ogan_bench.runner.trial",
]
"""What takes long, by names that can be imported in any folder."""


class WarmRun:
    """A command in a process group of its own; as a context, it is killed at the end if it lives.

    Args:
        arguments: Of ``ogan-bench``.
        said: The file that gets standard output and error.
        condition: Called in the new process before the command, such as to set a limit.
    """

    def __init__(
        self, *arguments: str | Path, said: Path, condition: Callable[[], object] | None = None
    ) -> None:
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(IMPORTED)
        words = ["ogan-bench", *map(str, arguments)]
        self._said = said
        self.process: ForkServerProcess = server.Process(
            target=_command, args=(words, said, condition)
        )
        self.process.start()

    def end(self, seconds: float = 120) -> tuple[int | None, str]:
        """Exit code, negative for a signal, and what it has said."""
        self.process.join(seconds)
        if self.process.exitcode is None and self.process.pid is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.exitcode, self._said.read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(0)


def _command(words: list[str], said: Path, condition: Callable[[], object] | None) -> None:
    os.setsid()
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (1, 2):
        os.dup2(file, stream)
    sys.argv = words
    torch.set_num_threads(1)  # workers that import it themselves are told so by variables
    # Workers are forked too. Python warns of threads that hold locks; ours wait for answers.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    context = functools.partial(multiprocessing.get_context, "fork")
    multiprocessing.get_context = lambda method=None: context()  # type: ignore[assignment]
    if condition is not None:
        condition()
    main()


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)

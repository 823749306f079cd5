"""Standard output and error as a command may find them: closed, on a full device, or a pipe whose
reader has gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast

EXIT_UNWRITTEN = 74
"""Standard output could not be written; EX_IOERR of sysexits.h."""


class OutputError(Exception):
    """Standard output cannot be written. No ``OSError``, which others would take for their own."""


class Output:
    """Standard output whose failures are told from those of other files.

    Args:
        stream: The stream that is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            raise OutputError from error

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise OutputError from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Messages(Output):
    """Standard error: work goes on where its messages cannot be written."""

    def write(self, text: str) -> int:
        with suppress(OutputError):
            return super().write(text)
        return 0

    def flush(self) -> None:
        with suppress(OutputError):
            super().flush()


@contextmanager
def guarded() -> Iterator[None]:
    """Run a command; if its output cannot be written, say so and exit with 74.

    Where the reader of a pipe has exited, such as ``head``, nothing is said.
    """
    found = sys.stdout, sys.stderr
    with Path(os.devnull).open("w") as nowhere:
        # A stream that was closed before the start is None, which nothing can be written to.
        out, error = (nowhere if stream is None else stream for stream in found)
        sys.stdout, sys.stderr = cast(TextIO, Output(out)), cast(TextIO, Messages(error))
        try:
            try:
                yield
            finally:
                sys.stdout.flush()  # at the exit of the interpreter it could only be a traceback
        except OutputError as failure:
            reason = failure.__cause__
            if not isinstance(reason, BrokenPipeError):
                assert isinstance(reason, OSError)
                sys.stderr.write(f"standard output: cannot be written ({reason.strerror})\n")
            _discard(out)
            sys.exit(EXIT_UNWRITTEN)
        finally:
            sys.stderr.flush()
            sys.stdout, sys.stderr = found


def _discard(stream: TextIO) -> None:
    """Send what a stream still holds to nowhere: the interpreter writes it at its exit."""
    with suppress(OSError):  # a stream without a file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)

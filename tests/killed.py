"""A process that is killed between any two changes to files, or in the middle of a write."""

from __future__ import annotations

import builtins
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHANGES = ("replace", "rename", "link", "unlink", "rmdir", "fsync", "sync", "mkdir", "sendfile")


class Killed(KeyboardInterrupt):
    """As by kill -9: nothing that follows has any effect, and no trial takes it for its failure."""


@contextmanager
def killed_at(operation: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Stop at the n-th time that a file is written, replaced, removed or flushed.

    A write is what the system gets at once: what Python still holds back in a buffer is lost, as by
    a kill. Of the write at which it stops, the first half reaches the file.

    Yields:
        What was done, with "killed" at the end if there was an n-th time.
    """
    done: list[str] = []
    is_killed = False
    files: list[io.IOBase] = []

    def stopping(name: str) -> Callable[..., object]:
        original = getattr(os, name)

        def call(*arguments: object, **named: object) -> object:
            nonlocal is_killed
            if len(done) >= operation:
                is_killed = True
                raise Killed
            done.append(name)
            return original(*arguments, **named)

        return call

    class File(io.FileIO):
        def write(self, content: Any, /) -> int:
            nonlocal is_killed
            if not is_killed and len(done) < operation:
                done.append("write")
                return super().write(content)
            if not is_killed:
                is_killed = True
                super().write(memoryview(content)[: len(content) // 2])
            raise Killed

    whole = io.open

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        **more: Any,
    ) -> Any:
        if not set(mode) & set("wax+"):
            return whole(file, mode, buffering, encoding, errors, newline, **more)
        if is_killed:
            raise Killed
        raw = File(file, mode.replace("t", ""), **more)
        files.append(raw)
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        files.append(buffered)  # or it would be flushed when it is forgotten
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding, errors, newline)

    with monkeypatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, stopping(name))
        patch.setattr(io, "open", opened)
        patch.setattr(builtins, "open", opened)
        try:
            yield done
        except BaseException:  # torch raises an error of its own while it handles this one
            if not is_killed:
                raise
            done.append("killed")
            for file in files:
                file.close()

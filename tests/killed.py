"""A process that is killed between any two changes to files, or in the middle of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHANGES = ("replace", "rename", "link", "unlink", "rmdir", "fsync", "sync", "mkdir")


class Killed(KeyboardInterrupt):
    """As by kill -9: nothing that follows has any effect, and no trial takes it for its failure."""


@contextmanager
def killed_at(operation: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Stop at the n-th time that a file is written, replaced, removed or flushed.

    Of a write at which it stops, the first half reaches the file.

    Yields:
        What was done, with "killed" at the end if there was an n-th time.
    """
    done: list[str] = []

    def stopping(name: str) -> Callable[..., object]:
        original = getattr(os, name)

        def call(*arguments: object, **named: object) -> object:
            if len(done) >= operation:
                raise Killed
            done.append(name)
            return original(*arguments, **named)

        return call

    def write_bytes(path: Path, content: bytes) -> int:
        if len(done) > operation:
            raise Killed
        with path.open("wb") as file:
            if len(done) == operation:
                file.write(content[: len(content) // 2])
                raise Killed
            done.append("write")
            return file.write(content)

    with monkeypatch.context() as patch:
        for name in CHANGES:
            patch.setattr(os, name, stopping(name))
        patch.setattr(Path, "write_bytes", write_bytes)
        try:
            yield done
        except Killed:
            done.append("killed")

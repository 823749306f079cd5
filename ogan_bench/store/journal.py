"""Files of a trial that may be packed, and logs that grow line by line."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ogan_bench.files import Record, json_line, sync, write_bytes
from ogan_bench.store.packed import PackedStudy
from ogan_bench.store.record_shapes import misshapen_lines


def read_file(path: Path) -> bytes | None:
    """Content of a file of a trial, from the pack where its study is packed.

    Args:
        path: Where the file lies, or would if the study were not packed.

    Returns:
        ``None`` where the trial has no such file.

    Raises:
        UserError: The pack is damaged.
    """
    folder = path.parent
    pack = PackedStudy(folder.parent.parent)
    if pack.exists:
        return pack.read(folder.parent.name, int(folder.name.removeprefix("seed-")), path.name)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


class Seal(NamedTuple):
    """Length in bytes and SHA-256 of a journal at one time."""

    length: int
    sha256: str


NOTHING = Seal(0, hashlib.sha256().hexdigest())
"""The seal of a journal before its first line."""


@dataclass(frozen=True)
class Journal:
    """A file of JSON objects, one a line, each of a training step; a kill costs the last at most.

    Args:
        path: The file; it need not exist.
    """

    path: Path

    def read(self) -> list[Record]:
        """All whole lines; a line cut off by a kill is left out.

        Raises:
            ValueError: A line is not JSON, or does not hold what such a line must.
        """
        content = read_file(self.path) or b""
        lines = content.split(b"\n")[:-1]
        try:
            # All at once is faster than line by line.
            records: list[Record] = json.loads(b"[" + b",".join(lines) + b"]")
        except RecursionError as error:
            raise ValueError(str(error)) from None
        if (problem := misshapen_lines(self.path.name, records)) is not None:
            raise ValueError(problem)
        return records

    def sha256(self) -> str:
        """SHA-256 of the file, wherever it is stored; of nothing if it is not there."""
        return hashlib.sha256(read_file(self.path) or b"").hexdigest()

    def seal(self) -> Seal:
        """Length and hash of the file as it is now, which is flushed to disk first."""
        if not self.path.exists():
            return NOTHING
        sync(self.path)
        content = self.path.read_bytes()
        return Seal(len(content), hashlib.sha256(content).hexdigest())

    def check(self, seal: Seal) -> None:
        """Refuse a file that no longer begins as it was sealed.

        Raises:
            ValueError: Names the file.
        """
        if hashlib.sha256(self._sealed(seal)).hexdigest() != seal.sha256:
            raise ValueError(f"{self.path}: altered since the checkpoint")

    def cut(self, seal: Seal) -> None:
        """Drop what was added after a seal, so that a resumed training writes it again."""
        if self.path.exists():
            write_bytes(self.path, self._sealed(seal))

    def _sealed(self, seal: Seal) -> bytes:
        return (self.path.read_bytes() if self.path.exists() else b"")[: seal.length]

    def append(self, record: Record) -> None:
        """Add a line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(json_line(record))

"""Files of a trial that may be packed, and logs that grow line by line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ogan_bench.files import Record, json_line, write_bytes
from ogan_bench.store.packed import PackedStudy


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
            ValueError: A line is not JSON.
        """
        content = read_file(self.path) or b""
        lines = content.split(b"\n")[:-1]
        records: list[Record] = json.loads(b"[" + b",".join(lines) + b"]")  # faster than by line
        return records

    def cut(self, step: int) -> None:
        """Drop the lines after ``step``, so that a resumed training writes them again."""
        if self.path.exists():
            kept = [line for line in self.read() if line["step"] <= step]
            write_bytes(self.path, b"".join(json_line(line) for line in kept))

    def append(self, record: Record) -> None:
        """Add a line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(json_line(record))

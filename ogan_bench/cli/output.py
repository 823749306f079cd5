"""How commands print: data to standard output, messages to standard error."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import Any


def print_text(text: str) -> None:
    """Print text and a newline; flushed, so that it appears before later messages."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_json(value: Any) -> None:
    """Print JSON, with null in place of NaN and infinities."""
    from ogan_bench.files import json_text

    print_text(json_text(value))


def print_table(header: Sequence[str] | None, rows: Sequence[Sequence[object]]) -> None:
    """Print a table, wrapped to the width of a terminal and unwrapped elsewhere."""
    from ogan_bench.report.text_table import text_table

    if header is None and not rows:
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print_text(text_table(header, rows, width=width))


def say(message: str) -> None:
    """Tell the user something that is not part of the data."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def bytes_text(count: float) -> str:
    """Bytes for people.

    >>> bytes_text(8250), bytes_text(45_300_000)
    ('8.2 kB', '45.3 MB')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1e3:.1f} kB"

"""Tables as plain text, for a terminal or a log."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

UNLIMITED = 100_000
"""Line width that disables wrapping."""


def text_table(
    header: Sequence[str] | None,
    rows: Sequence[Sequence[object]],
    *,
    numeric: range | None = None,
    width: int | None = None,
) -> str:
    """Columns two spaces apart, without rules, colours or trailing spaces.

    Args:
        header: Titles of the columns; ``None``: no header.
        rows: Cells, one for each column; shown literally, markup is not interpreted.
        numeric: Columns to right-align.
        width: Width at which cells wrap; ``None``: never wrap or truncate.
    """
    if width is None:
        lines = [[str(cell) for cell in row] for row in ([] if header is None else [header])]
        lines += [[str(cell) for cell in row] for row in rows]
        if all(cell.isprintable() for line in lines for cell in line):
            return _aligned(lines, numeric or ())
    table = Table(box=None, show_header=header is not None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in range(len(header if header is not None else rows[0])):
        justify: Literal["left", "right"] = "right" if column in (numeric or ()) else "left"
        title = Text(header[column]) if header is not None else ""
        table.add_column(title, justify=justify, overflow="fold", no_wrap=width is None)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console = Console(width=width or UNLIMITED, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _aligned(lines: Sequence[Sequence[str]], numeric: Container[int]) -> str:
    """The same without wrapping; rich takes a millisecond for each row of a long table."""
    sizes = [[cell_len(cell) for cell in line] for line in lines]
    widths = [max(column) for column in zip(*sizes, strict=True)]
    shown = []
    for line, size in zip(lines, sizes, strict=True):
        cells = []
        for column, (cell, width) in enumerate(zip(line, widths, strict=True)):
            space = " " * (width - size[column])
            cells.append(space + cell if column in numeric else cell + space)
        shown.append("  ".join(cells).rstrip())
    return "\n".join(shown)

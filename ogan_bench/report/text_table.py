"""Tables as plain text, for a terminal or a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

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

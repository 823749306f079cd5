"""Notes below a table of plain text, numbered in the order in which its cells refer to them."""

from __future__ import annotations

import textwrap


class Footnotes:
    """Notes of a table; equal ones share a number.

    >>> notes = Footnotes()
    >>> notes.mark("resized"), notes.mark(None), notes.mark("clipped"), notes.mark("resized")
    ('[1]', '', '[2]', '[1]')
    >>> print(notes.text(width=80))
    [1] resized
    [2] clipped
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, note: str | None) -> str:
        """What refers to a note in a cell; empty without a note."""
        return f"[{self._numbers.setdefault(note, len(self._numbers) + 1)}]" if note else ""

    def text(self, width: int) -> str:
        """The notes by their numbers, each indented behind its own."""
        lines = []
        for note, number in self._numbers.items():
            mark = f"[{number}] "
            wrapped = textwrap.fill(
                mark + note,
                width,
                subsequent_indent=" " * len(mark),
                break_on_hyphens=False,  # paths and options have them
                break_long_words=False,
            )
            lines.append(wrapped)
        return "\n".join(lines)

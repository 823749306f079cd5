"""Plain text of the code as Markdown: what is meant as text stays text, addresses become links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CODE = re.compile(r"``(.+?)``|`([^`]+)`", re.DOTALL)
ROLE = re.compile(r":[a-z]+:`~?([^`]+)`")
ADDRESS = re.compile(r"https?://[^\s,;)]+[^\s,;).]|arXiv:? ?(\d{4}\.\d{5})")
SPECIAL = re.compile(r"([\\*_<>\[\]#$|~])")


def markdown(text: str) -> str:
    """A text of the code as Markdown: code in backticks, addresses as links, all else literal.

    >>> markdown("``a_b`` is |x|, see arXiv 1706.08500")
    '`a_b` is \\\\|x\\\\|, see [arXiv 1706.08500](https://arxiv.org/abs/1706.08500)'
    """
    text = ROLE.sub(lambda found: f"`{found[1].rpartition('.')[2]}`", text)
    parts, end = [], 0
    for found in CODE.finditer(text):
        parts += [_words(text[end : found.start()]), code(found[1] or found[2])]
        end = found.end()
    return "".join([*parts, _words(text[end:])])


def code(text: str) -> str:
    """A text as code within a line."""
    return f"`{text}`"


def _words(text: str) -> str:
    parts, end = [], 0
    for found in ADDRESS.finditer(text):
        parts += [SPECIAL.sub(r"\\\1", text[end : found.start()]), _link(found)]
        end = found.end()
    return "".join([*parts, SPECIAL.sub(r"\\\1", text[end:])])


def _link(found: re.Match[str]) -> str:
    return f"[{found[0]}](https://arxiv.org/abs/{found[1]})" if found[1] else f"<{found[0]}>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown, a blank line after it."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines) + "\n"


def _cell(text: str) -> str:
    """Markdown in one line; a bar would end the cell, in code too."""
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))


def heading(level: int, text: str, anchor: str | None = None) -> str:
    """A heading, with an anchor of its own if one is given."""
    return (f"({anchor})=\n" if anchor else "") + f"{'#' * level} {text}\n\n"

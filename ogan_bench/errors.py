"""Errors that the user can fix: one clear message, no traceback, exit code 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Something outside the program is wrong; the message names the place and the fix."""


class StudyError(UserError):
    """A study file or an override is invalid.

    Args:
        problems: One line each, ``file:line:column: key: message``.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PluginError(UserError):
    """A plug-in cannot be read, or breaks a rule for plug-ins."""


def in_one_line(error: Exception) -> str:
    """The first line of an error's message, after its kind unless it speaks to the user.

    >>> in_one_line(UserError("a.yaml: no such file")), in_one_line(ValueError("odd\\nin detail"))
    ('a.yaml: no such file', 'ValueError: odd')
    """
    first = next(iter(str(error).strip().splitlines()), "")
    if isinstance(error, UserError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` if a known name is similar, else `` Known: x, y.``"""
    names = list(known)
    close = difflib.get_close_matches(given, names, n=1, cutoff=0.6)
    if close:
        return f" Did you mean {close[0]!r}?"
    return f" Known: {', '.join(names)}." if names else ""

"""Errors with a meaning of their own.

A :class:`UserError` is for the user to fix: one clear message, no traceback, exit code 2.
A :class:`NoValueError` is a finding about what is measured.
"""

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


class NoValueError(ValueError):
    """These nets or data have no value of this metric; the message says why.

    It becomes a row without value in a finished trial, so nothing else may: a bug, or what a
    library raises that nobody has foreseen, fails the trial.
    """


def in_one_line(error: BaseException) -> str:
    """The first line of an error's message, after its kind unless it speaks to the user.

    >>> in_one_line(UserError("a.yaml: no such file")), in_one_line(ValueError("odd\\nin detail"))
    ('a.yaml: no such file', 'ValueError: odd')
    """
    first = next(iter(str(error).strip().splitlines()), "")
    if isinstance(error, UserError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


MOST_LISTED = 20
"""Names in a message, at most."""


def listed(names: Iterable[str]) -> str:
    """Names for a message: the first of many, and how many more there are.

    >>> listed(["x", "y"]), listed(map(str, range(1000)))[-15:]
    ('x, y', '19 and 980 more')
    """
    every = list(names)
    more = f" and {len(every) - MOST_LISTED:,} more" if len(every) > MOST_LISTED else ""
    return ", ".join(every[:MOST_LISTED]) + more


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` if a known name is similar, else `` Known: x, y.``

    Of many names, those that hold what was given are similar too.

    >>> did_you_mean("perason", ["pearson", "mse"]), did_you_mean("rho", ["pearson", "mse"])
    (" Did you mean 'pearson'?", ' Known: pearson, mse.')
    """
    names = list(known)
    close = difflib.get_close_matches(given, names, n=1, cutoff=0.6)
    if not close and len(names) > MOST_LISTED:
        close = [name for name in names if given and given.lower() in name.lower()][:3]
    if close:
        return f" Did you mean {' or '.join(map(repr, close))}?"
    return f" Known: {listed(names)}." if names else ""

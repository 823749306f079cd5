"""Mutation that coverage guides: an input that reaches new lines is kept, and changed further.

As libFuzzer and AFL do, for a function of Python and with a bounded number of executions.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

Lines = set[tuple[str, int]]


@contextmanager
def reached(where: Path) -> Iterator[Lines]:
    """The lines of a file, or of the files in a folder, that are executed meanwhile."""
    lines: Lines = set()
    place = str(where)
    if sys.version_info >= (3, 12):
        events = sys.monitoring

        def note(code: CodeType, line: int) -> Any:
            if code.co_filename.startswith(place):
                lines.add((code.co_filename, line))
            return events.DISABLE  # a line is new once

        events.use_tool_id(events.COVERAGE_ID, "fuzz")
        events.register_callback(events.COVERAGE_ID, events.events.LINE, note)
        events.restart_events()
        events.set_events(events.COVERAGE_ID, events.events.LINE)
        try:
            yield lines
        finally:
            events.set_events(events.COVERAGE_ID, 0)
            events.free_tool_id(events.COVERAGE_ID)
    else:

        def trace(frame: FrameType, event: str, _: object) -> Any:
            if not frame.f_code.co_filename.startswith(place):
                return None
            if event == "line":
                lines.add((frame.f_code.co_filename, frame.f_lineno))
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            yield lines
        finally:
            sys.settrace(before)


def fuzz(
    check: Callable[[str], object],
    first: str,
    change: Callable[[random.Random, str], str],
    where: Path,
    executions: int,
    *,
    seed: int = 0,
    is_guided: bool = True,
) -> Lines:
    """Check a text and many that grow out of it.

    Args:
        check: Raises if the program does with a text what it must not; what it raises says which
            text it was.
        first: The text to begin with.
        change: Another text, made of one.
        where: The file or folder whose lines count.
        executions: How many are checked.
        seed: Of all choices.
        is_guided: Keep what reaches new lines; otherwise only the first text is ever changed.

    Returns:
        The lines that were reached.
    """
    choose = random.Random(seed)
    corpus = [first]
    with reached(where) as lines:
        for number in range(executions):
            # Half of the time what came last, which is where the unknown begins.
            kept = choose.choice(corpus if number % 2 else corpus[-4:])
            text = change(choose, kept) if number else first
            known = len(lines)
            try:
                check(text)
            except BaseException as error:
                error.add_note(f"execution {number} with seed {seed}, of this text:\n{text}")
                raise
            if is_guided and len(lines) > known:
                corpus.append(text)
    return lines

"""Progress of preparing a dataset: a bar on a terminal, else a line every 30 seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta


@contextmanager
def progress(what: str, total: int, *, line_seconds: float = 30) -> Iterator[Callable[[int], None]]:
    """Yields a function to call with the number of images done since its last call.

    Args:
        what: Label of the progress bar.
        total: Number of images to do.
        line_seconds: Time between lines where there is no bar.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(what, total, line_seconds)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(what, total=total, rate="")

        def advance(images: int) -> None:
            speed = bars.tasks[0].speed
            bars.update(bar, advance=images, rate=f"{speed:,.0f} images/s" if speed else "")

        yield advance


def _lines(what: str, total: int, line_seconds: float) -> Callable[[int], None]:
    started = last = time.monotonic()
    done = 0

    def advance(images: int) -> None:
        nonlocal done, last
        done += images
        now = time.monotonic()
        if now - last < line_seconds:
            return
        last = now
        rate = done / (now - started)
        left = timedelta(seconds=round((total - done) / rate))
        sys.stderr.write(
            f"{what}: {done:,} of {total:,} images, {rate:,.0f} images/s, about {left} left\n"
        )
        sys.stderr.flush()

    return advance

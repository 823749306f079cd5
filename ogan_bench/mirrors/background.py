"""Mirrors that keep up with a run, in threads that it does not wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.mirrors.base import FOLDER, Mirror
from ogan_bench.mirrors.follower import Follower
from ogan_bench.store.trial_store import TrialStore

LOOK_SECONDS = 2.0
"""Between two looks at the files."""

END_SECONDS = 30.0
"""The longest that the end of a run waits for its mirrors."""


@contextmanager
def following(
    root: Path, study: str, mirrors: Sequence[Mirror], say: Callable[[str], None]
) -> Iterator[None]:
    """Keep mirrors up to date for as long as the block runs, each in a thread of its own.

    The end waits for them for :data:`END_SECONDS` at the most. A mirror that fails is switched off.

    Args:
        root: The results folder.
        study: Name of the study's folder.
        mirrors: Where to write.
        say: Hears one line of every mirror that fails.
    """
    stop = threading.Event()
    threads = {
        mirror.name: threading.Thread(
            target=_keep_up, args=(follower(root, study, mirror), stop, say), daemon=True
        )
        for mirror in mirrors
    }
    for thread in threads.values():
        thread.start()
    try:
        yield
    finally:
        stop.set()
        deadline = time.monotonic() + END_SECONDS
        for name, thread in threads.items():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                say(f"mirror {name}: not done in {END_SECONDS:.0f} s; {_later(study, name)}")


def follower(root: Path, study: str, mirror: Mirror) -> Follower:
    """The follower of a study, whose memory lies in the results folder."""
    memory = root / FOLDER / f"{study}.{mirror.name}.json"
    return Follower(TrialStore(root), study, mirror, memory)


def bring_up_to_date(root: Path, study: str, mirror: Mirror) -> int:
    """Write what of a stored study is missing in a mirror; the number of trials that had something.

    Raises:
        UserError: The mirror failed.
    """
    follow = follower(root, study, mirror)
    try:
        return follow.look()
    except Exception as error:
        raise UserError(f"mirror {mirror.name}: {said(error)}") from error
    finally:
        follow.close()


def said(error: Exception) -> str:
    """An exception in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _keep_up(follow: Follower, stop: threading.Event, say: Callable[[str], None]) -> None:
    name = follow.mirror.name
    try:
        while not stop.wait(LOOK_SECONDS):
            follow.look()
        follow.look()  # at what came last
    except Exception as error:
        say(f"mirror {name}: switched off, {said(error)}; {_later(follow.study, name)}")
    finally:
        follow.close()


def _later(study: str, mirror: str) -> str:
    return f"`ogan-bench mirror {study} --to {mirror}` writes what is missing"

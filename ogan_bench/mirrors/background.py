"""Mirrors that follow a run in background threads, without delaying it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ogan_bench.errors import UserError, in_one_line
from ogan_bench.mirrors.base import FOLDER, Mirror
from ogan_bench.mirrors.follower import Follower
from ogan_bench.store.trial_store import TrialStore

POLL_SECONDS = 2.0
"""Time between two polls of the files."""

END_SECONDS = 30.0
"""Maximum time that the end of a run waits for its mirrors."""


@contextmanager
def following(
    root: Path, study: str, mirrors: Sequence[Mirror], say: Callable[[str], None]
) -> Iterator[None]:
    """Keep mirrors up to date while the block runs, each in a thread of its own.

    The end waits for them for at most :data:`END_SECONDS`. A mirror that fails is switched off.

    Args:
        root: The results folder.
        study: Name of the study's folder.
        mirrors: Where to write.
        say: Receives one line for every mirror that fails.
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
    """The follower of a study, whose progress is stored in the results folder."""
    progress = root / FOLDER / f"{study}.{mirror.name}.json"
    return Follower(TrialStore(root), study, mirror, progress)


def bring_up_to_date(root: Path, study: str, mirror: Mirror) -> int:
    """Write what a mirror does not have yet of a stored study; returns the number of its trials.

    Raises:
        UserError: The mirror failed.
    """
    follow = follower(root, study, mirror)
    try:
        return follow.poll()
    except Exception as error:
        raise UserError(f"mirror {mirror.name}: {in_one_line(error)}") from error
    finally:
        follow.close()


def _keep_up(follow: Follower, stop: threading.Event, say: Callable[[str], None]) -> None:
    name = follow.mirror.name
    try:
        while not stop.wait(POLL_SECONDS):
            follow.poll()
        follow.poll()  # for what was written last
    except Exception as error:
        say(f"mirror {name}: switched off, {in_one_line(error)}; {_later(follow.study, name)}")
    finally:
        follow.close()


def _later(study: str, mirror: str) -> str:
    return f"`ogan-bench mirror {study} --to {mirror}` writes what is missing"

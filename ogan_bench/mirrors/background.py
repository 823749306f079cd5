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


@contextmanager
def following(
    root: Path,
    study: str,
    mirrors: Sequence[Mirror],
    say: Callable[[str], None],
    *,
    poll_seconds: float = 2.0,
    end_seconds: float = 30.0,
) -> Iterator[None]:
    """Keep mirrors up to date while the block runs, each in a thread of its own.

    A mirror that fails is switched off.

    Args:
        root: The results folder.
        study: Name of the study's folder.
        mirrors: Where to write.
        say: Receives one line for every mirror that fails.
        poll_seconds: Time between two polls of the files.
        end_seconds: Maximum time that the end of a run waits for its mirrors.
    """
    stop = threading.Event()
    threads = {
        mirror.name: threading.Thread(
            target=_keep_up,
            args=(follower(root, study, mirror), stop, say, poll_seconds),
            daemon=True,
        )
        for mirror in mirrors
    }
    for thread in threads.values():
        thread.start()
    try:
        yield
    finally:
        stop.set()
        deadline = time.monotonic() + end_seconds
        for name, thread in threads.items():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                say(f"mirror {name}: not done in {end_seconds:.0f} s; {_later(study, name)}")


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


def _keep_up(
    follow: Follower, stop: threading.Event, say: Callable[[str], None], poll_seconds: float
) -> None:
    name = follow.mirror.name
    try:
        while not stop.wait(poll_seconds):
            follow.poll()
        follow.poll()  # for what was written last
    except Exception as error:
        say(f"mirror {name}: switched off, {in_one_line(error)}; {_later(follow.study, name)}")
    finally:
        follow.close()


def _later(study: str, mirror: str) -> str:
    return f"`ogan-bench mirror {study} --to {mirror}` writes what is missing"

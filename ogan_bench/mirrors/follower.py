"""Follows the files of a study and passes what is new to a mirror.

It only reads, so a slow or broken mirror cannot affect the training. Progress is stored as the last
step of each journal, so a training that resumes from its checkpoint and logs the same steps again
adds nothing.
"""

from __future__ import annotations

import functools
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from filelock import FileLock, Timeout

from ogan_bench.files import Fingerprint, fingerprint, read_json, write_json
from ogan_bench.mirrors.base import Mirror, MirrorRun, Point
from ogan_bench.mirrors.reading import (
    Tail,
    evaluation_point,
    final_point,
    log_point,
    result_digest,
    trial_of,
)
from ogan_bench.store import outcomes
from ogan_bench.store.packed import PACKS
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore

FILES = ("run.json", "history.jsonl", "train.jsonl", "result.json")
"""Files of a trial that a mirror shows."""


@dataclass
class Progress:
    """How much of a trial a mirror has; stored in a file.

    Args:
        identity: Identity of the trial: a folder that was deleted and trained again is another one.
        run: Identifier of its run in the mirror.
        steps: Last step written of each journal.
        result: Digest of the result.
    """

    identity: str
    run: str | None = None
    steps: dict[str, int] = field(default_factory=dict)
    result: str | None = None


class FollowedTrial:
    """State of a trial between two polls."""

    def __init__(self, folder: TrialFolder) -> None:
        self.history = Tail(folder.history.path)
        self.log = Tail(folder.log.path)
        self.seen: Fingerprint = ()
        self.run: MirrorRun | None = None

    def rewind(self) -> None:
        """Read the journals from their start again."""
        self.history.offset = self.log.offset = 0

    def points(self, after: dict[str, int]) -> dict[str, list[Point]]:
        """New points of each journal, past the last step written.

        Raises:
            ValueError: A journal is damaged.
        """
        found = {
            "history": [evaluation_point(line) for line in self.history.read()],
            "train": [log_point(line) for line in self.log.read()],
        }
        return {
            name: [point for point in points if point.step > after.get(name, 0)]
            for name, points in found.items()
        }


class Follower:
    """Brings one mirror up to date with one study.

    If several processes follow the same study to the same mirror, one does the work, and another
    takes over when it ends.

    Args:
        store: The results folder.
        study: Name of the study's folder.
        mirror: Where to write.
        file: Stores the progress.
    """

    def __init__(self, store: TrialStore, study: str, mirror: Mirror, file: Path) -> None:
        self.mirror = mirror
        self._store = store
        self.study = study
        self._file = file
        self._lock = FileLock(file.with_suffix(".lock"), timeout=0)
        self._written: dict[str, Progress] = {}
        self._followed: dict[str, FollowedTrial] = {}

    def poll(self) -> int:
        """Write what is new to the mirror; returns the number of trials written."""
        if not self._lock.is_locked:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except Timeout:
                return 0
            stored = (read_json(self._file) or {}).get(self.mirror.address, {})
            self._written = {name: Progress(**entry) for name, entry in stored.items()}
        return sum(self._follow(folder) for folder in self._store.folders(self.study))

    def close(self) -> None:
        """Close the runs of trials without a result, and let another process take over."""
        for followed in self._followed.values():
            self._close_run(followed)
        self._lock.release()

    def _follow(self, folder: TrialFolder) -> bool:
        name = folder.path.relative_to(self._store.root).as_posix()
        followed = self._followed.setdefault(name, FollowedTrial(folder))
        study = self._store.root / self.study
        packs = (study / pack for pack in PACKS)
        seen = fingerprint(chain((folder.path / file for file in FILES), packs))
        if seen == followed.seen:
            return False
        run, result = folder.read("run.json"), folder.read("result.json")
        if run is None:
            return False
        identity = f"{run['config_hash']} {run['attempts'][0]['started']}"
        written = self._written.setdefault(name, Progress(identity))
        if written.identity != identity:
            written = self._written[name] = Progress(identity)
            self._close_run(followed)
            followed.rewind()

        # The result was read before the journals: if it exists, they are complete.
        outcome, digest = "", None
        if result is not None:
            log = functools.partial(folder.read_log, "train.jsonl")
            outcome, _ = outcomes.outcome(result, run.get("config", {}), log)
            digest = result_digest(result, outcome)
        points = followed.points(written.steps)
        is_new = any(points.values()) or digest not in (None, written.result)
        if is_new:
            if followed.run is None:
                followed.run = self.mirror.begin(trial_of(name, run), written.run)
            if followed.run.id != written.run:  # it is empty: everything is new to it
                written = self._written[name] = Progress(identity, followed.run.id)
                followed.rewind()
                points = followed.points(written.steps)
            followed.run.log(sorted(chain(*points.values()), key=lambda point: point.step))
            written.steps |= {name: new[-1].step for name, new in points.items() if new}
            if result is not None and digest != written.result:
                followed.run.finish(final_point(result), outcome)
                followed.run, written.result = None, digest
            self._save()
        followed.seen = seen
        return is_new

    def _close_run(self, followed: FollowedTrial) -> None:
        """Close a run whose trial has no result."""
        if followed.run is not None:
            with suppress(Exception):  # a broken mirror must not delay the end
                followed.run.close()
            followed.run = None

    def _save(self) -> None:
        written = {name: vars(entry) for name, entry in self._written.items()}
        record = {**(read_json(self._file) or {}), self.mirror.address: written}
        write_json(self._file, record, durable=False)

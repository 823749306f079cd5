"""Follows the files of a study and hands what is new to a mirror.

It only reads: a mirror that is slow or broken cannot reach the training. How far a mirror has been
written is remembered as a step per journal, so that a training that is cut back to its checkpoint
and writes the same steps again gives nothing new.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from filelock import FileLock, Timeout

from ogan_bench.files import Fingerprint, fingerprint, read_json, write_json
from ogan_bench.mirrors.base import Mirror, MirrorRun, Point
from ogan_bench.mirrors.reading import Tail, digest, evaluated, final, mirrored, trained
from ogan_bench.store.trial_store import TrialFolder, TrialStore

FOLLOWED = ("run.json", "history.jsonl", "train.jsonl", "result.json")
"""Files of a trial that a mirror shows."""


@dataclass
class Written:
    """What of a trial a mirror has; kept in a file.

    Args:
        identity: Of the trial: a folder that was deleted and trained anew is another one.
        run: Identifier of its run in the mirror.
        steps: Last step of each journal.
        result: Digest of the result.
    """

    identity: str
    run: str | None = None
    steps: dict[str, int] = field(default_factory=dict)
    result: str | None = None


class Followed:
    """What a follower knows of a trial between two looks."""

    def __init__(self, folder: TrialFolder) -> None:
        self.history = Tail(folder.history.path)
        self.log = Tail(folder.log.path)
        self.seen: Fingerprint = ()
        self.run: MirrorRun | None = None

    def rewind(self) -> None:
        """Read the journals from their start again."""
        self.history.offset = self.log.offset = 0

    def points(self, after: dict[str, int]) -> dict[str, list[Point]]:
        """New points of each journal, past the step that it has been mirrored to.

        Raises:
            ValueError: A journal is damaged.
        """
        found = {
            "history": [evaluated(line) for line in self.history.read()],
            "train": [trained(line) for line in self.log.read()],
        }
        return {
            name: [point for point in points if point.step > after.get(name, 0)]
            for name, points in found.items()
        }


class Follower:
    """Brings one mirror up to date with one study.

    Of several processes that follow the same study to the same mirror one does the work, and
    another takes over when it ends.

    Args:
        store: The results folder.
        study: Name of the study's folder.
        mirror: Where to write.
        memory: File that remembers what has been written.
    """

    def __init__(self, store: TrialStore, study: str, mirror: Mirror, memory: Path) -> None:
        self.mirror = mirror
        self._store = store
        self.study = study
        self._memory = memory
        self._lock = FileLock(memory.with_suffix(".lock"), timeout=0)
        self._written: dict[str, Written] = {}
        self._followed: dict[str, Followed] = {}

    def look(self) -> int:
        """Hand over what is new; returns the number of trials that had something."""
        if not self._lock.is_locked:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except Timeout:
                return 0
            stored = (read_json(self._memory) or {}).get(self.mirror.address, {})
            self._written = {name: Written(**entry) for name, entry in stored.items()}
        return sum(self._follow(folder) for folder in self._store.folders(self.study))

    def close(self) -> None:
        """Leave the runs of trials that have no result, and let another process take over."""
        for followed in self._followed.values():
            self._leave(followed)
        self._lock.release()

    def _follow(self, folder: TrialFolder) -> bool:
        name = folder.path.relative_to(self._store.root).as_posix()
        followed = self._followed.setdefault(name, Followed(folder))
        seen = fingerprint(folder.path / file for file in FOLLOWED)
        if seen == followed.seen:
            return False
        run, result = folder.read("run.json"), folder.read("result.json")
        if run is None:
            return False
        identity = f"{run['config_hash']} {run['attempts'][0]['started']}"
        written = self._written.setdefault(name, Written(identity))
        if written.identity != identity:
            written = self._written[name] = Written(identity)
            self._leave(followed)
            followed.rewind()

        # The result was read before the journals: where it is there, they are whole.
        stated = None if result is None else digest(result)
        points = followed.points(written.steps)
        is_new = any(points.values()) or stated not in (None, written.result)
        if is_new:
            if followed.run is None:
                followed.run = self.mirror.begin(mirrored(name, run), written.run)
            if followed.run.id != written.run:  # it is empty: everything is new to it
                written = self._written[name] = Written(identity, followed.run.id)
                followed.rewind()
                points = followed.points(written.steps)
            followed.run.log(sorted(chain(*points.values()), key=lambda point: point.step))
            written.steps |= {name: new[-1].step for name, new in points.items() if new}
            if result is not None and stated != written.result:
                followed.run.finish(final(result), result["outcome"])
                followed.run, written.result = None, stated
            self._remember()
        followed.seen = seen
        return is_new

    def _leave(self, followed: Followed) -> None:
        """Let go of a run whose trial has no result."""
        if followed.run is not None:
            with suppress(Exception):  # what is wrong with a mirror must not hold up the end
                followed.run.close()
            followed.run = None

    def _remember(self) -> None:
        written = {name: vars(entry) for name, entry in self._written.items()}
        record = {**(read_json(self._memory) or {}), self.mirror.address: written}
        write_json(self._memory, record, durable=False)

"""The only module that knows where results are stored and what each file holds.

::

    <root>/<study>/study.json                 the study as it was resolved
                  /registered.json            what it stated before its first trial
    <root>/<study>/<arm>/seed-0/run.json      configuration, identity, provenance; written first
                               /train.jsonl   one line every few steps
                               /history.jsonl evaluations during training
                               /progress.json heartbeat of a running trial
                               /checkpoint.pt state of the training
                               /chosen.pt     weights that did best on held-out images
                               /samples.png, reconstructions.png, swapped.png, neighbours.png,
                                interpolations.png
                               /steps/step-0000500.png, ...: samples of one fixed z
                               /error.txt     traceback of an attempt that failed
                               /result.json   outcome and metrics; written last: the trial is done
                               /samplings.json metrics of the same nets with other evaluation seeds

A study may be packed (:mod:`ogan_bench.store.packed`): then the JSON files, logs and tracebacks of
its trials are rows of two files beside ``study.json``. A packed study is read like any other and
cannot be added to.

Whole files are replaced atomically; the log is appended to, and cut back to the checkpoint on
resume. A trial is claimed with a lock that the operating system releases when its process dies.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ogan_bench.errors import UserError
from ogan_bench.files import (
    Record,
    json_line,
    parse_json,
    read_json,
    write_bytes,
    write_json,
    write_once,
)
from ogan_bench.metrics import add_metric
from ogan_bench.store.packed import PACKS, PackedStudy
from ogan_bench.study.diffs import differences
from ogan_bench.study.trial import Trial

FORMAT = 1
"""Version of the files' layout."""


class ConflictError(UserError):
    """A stored trial was made with another configuration."""


class BusyError(Exception):
    """Another process holds the trial."""


def read_file(path: Path) -> bytes | None:
    """Content of a file of a trial, from the pack where its study is packed.

    Args:
        path: Where the file lies, or would if the study were not packed.

    Returns:
        ``None`` where the trial has no such file.

    Raises:
        UserError: The pack is damaged.
    """
    folder = path.parent
    pack = PackedStudy(folder.parent.parent)
    if pack.exists:
        return pack.read(folder.parent.name, int(folder.name.removeprefix("seed-")), path.name)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@dataclass(frozen=True)
class Journal:
    """A file of JSON objects, one a line, each of a training step; a kill costs the last at most.

    Args:
        path: The file; it need not exist.
    """

    path: Path

    def read(self) -> list[Record]:
        """All whole lines; a line cut off by a kill is left out.

        Raises:
            ValueError: A line is not JSON.
        """
        content = read_file(self.path) or b""
        return [json.loads(line) for line in content.split(b"\n")[:-1]]

    def cut(self, step: int) -> None:
        """Drop the lines after ``step``, so that a resumed training writes them again."""
        if self.path.exists():
            kept = [line for line in self.read() if line["step"] <= step]
            write_bytes(self.path, b"".join(json_line(line) for line in kept))

    def append(self, record: Record) -> None:
        """Add a line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(json_line(record))


@dataclass(frozen=True)
class TrialFolder:
    """The files of one trial."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        """State of the training."""
        return self.path / "checkpoint.pt"

    @property
    def chosen(self) -> Path:
        """Weights of the evaluation that was best on held-out images."""
        return self.path / "chosen.pt"

    @property
    def log(self) -> Journal:
        """Training log."""
        return Journal(self.path / "train.jsonl")

    @property
    def history(self) -> Journal:
        """Evaluations during training."""
        return Journal(self.path / "history.jsonl")

    def step_picture(self, step: int) -> Path:
        """Samples as they were after a step."""
        return self.path / "steps" / f"step-{step:07d}.png"

    @property
    def error(self) -> Path:
        """Traceback of the last attempt, if it failed."""
        return self.path / "error.txt"

    def read_error(self) -> str | None:
        """Traceback of the last attempt, or ``None`` if it did not fail."""
        content = read_file(self.error)
        return None if content is None else content.decode("utf-8", "replace")

    @property
    def heartbeat(self) -> Path:
        """Progress of a running trial."""
        return self.path / "progress.json"

    def write_heartbeat(self, record: Record) -> None:
        """Store the progress of the trial; it need not survive a power cut."""
        write_json(self.heartbeat, record, durable=False)

    def read_heartbeat(self) -> Record | None:
        """Progress of the trial, or ``None`` while it does not run."""
        with suppress(UserError):
            return read_json(self.heartbeat)
        return None

    def write_error(self, text: str) -> None:
        """Keep the traceback of a failure, where the disk has room for it."""
        with suppress(UserError):
            write_bytes(self.error, text.encode())

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Hold the trial exclusively.

        Raises:
            BusyError: Another process holds it.
            UserError: Its study is packed.
        """
        self.check_not_packed()
        self.path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise BusyError(f"{self.path} is held by another process") from None
        try:
            yield
        finally:
            lock.release()

    def read(self, name: str) -> Record | None:
        """One of the JSON files, or ``None`` where it is not there.

        Raises:
            UserError: It is there and not whole JSON.
        """
        path = self.path / name
        if not self._pack.exists:
            return read_json(path)
        content = read_file(path)
        mend = "put back the pack as it was published"
        return None if content is None else parse_json(content, path, mend)

    def write(self, name: str, record: Record) -> None:
        """Write one of the JSON files atomically."""
        write_json(self.path / name, record)

    def samplings(self) -> dict[int, list[Record]]:
        """Evaluation seed to rows as in ``result.json``, of further evaluations of the same nets.

        Raises:
            UserError: The file is there and not whole JSON.
        """
        stored = (self.read("samplings.json") or {}).get("samplings", {})
        return {int(seed): rows for seed, rows in stored.items()}

    def write_samplings(self, rows: dict[int, list[Record]]) -> None:
        """Store what :meth:`samplings` reads."""
        self.write("samplings.json", {"format": FORMAT, "samplings": rows})

    @property
    def is_finished(self) -> bool:
        """Whether the trial has its result."""
        return self._has("result.json")

    @property
    def is_started(self) -> bool:
        """Whether an attempt at the trial was made."""
        return self._has("run.json")

    @property
    def _pack(self) -> PackedStudy:
        return PackedStudy(self.path.parent.parent)

    def _has(self, name: str) -> bool:
        path = self.path / name
        return read_file(path) is not None if self._pack.exists else path.exists()

    def is_trained(self, trial_budget: float | None = None) -> bool:
        """Whether the training that the result is about has nets and is not to go on.

        A training that diverged has none; one that a budget stopped is to go on, unless it has used
        up the present budget too.

        Args:
            trial_budget: Seconds of training that it is given at the most; ``None``: all it takes.
        """
        result = self.read("result.json")
        if result is None or result["outcome"] not in ("ok", "stopped"):
            return False
        return result["outcome"] == "ok" or (
            trial_budget is not None and result["training"]["seconds"] > trial_budget
        )

    def is_complete(self, trial: Trial, trial_budget: float | None = None) -> bool:
        """Whether the trial has its result, with all that it asks to be measured.

        A training that diverged has nothing to measure.

        Args:
            trial: With what it asks for now.
            trial_budget: As for :meth:`is_trained`.
        """
        result = self.read("result.json")
        if result is None or result["outcome"] not in ("ok", "stopped"):
            return result is not None
        if not self.is_trained(trial_budget):
            return False
        # Older results do not say; what they were asked for was measured.
        measured = result.get("measured") or (self.read("run.json") or {}).get("config", {}).get(
            "evaluation", {}
        ).get("extractors", [])
        return set(trial.settings.evaluation.measured) <= set(measured)

    def state(self) -> str:
        """``finished``, ``stopped``, ``running``, ``failed``, ``interrupted`` or ``missing``."""
        result = self.read("result.json")
        if result is not None and result.get("outcome") != "stopped":
            return "finished"
        if not self.is_started:
            return "missing"
        if not self._pack.exists:
            try:
                with self.claim():
                    pass
            except BusyError:
                return "running"
        if self._has("error.txt"):
            return "failed"
        return "interrupted" if result is None else "stopped"

    def check_not_packed(self) -> None:
        """Refuse to add to a packed study.

        Raises:
            UserError: The study is packed.
        """
        if self._pack.exists:
            raise UserError(
                f"{self._pack.folder} is packed: its trials can be read, but none can be added or "
                "measured again; use another results folder (--out)"
            )

    def check_identity(self, trial: Trial) -> None:
        """Refuse a folder that holds a trial of another configuration.

        Raises:
            ConflictError: Names what differs and the way out.
        """
        run = self.read("run.json")
        if run is None or run["config_hash"] == trial.config_hash:
            return
        changes = [
            f"{key}: {stored!r} stored, {wanted!r} wanted"
            for key, stored, wanted in differences(run["config"], trial.config)
        ]
        raise ConflictError(
            f"{self.path} holds a trial of another configuration ({'; '.join(changes)}). "
            "Choose another folder with --out, or delete this one to train it again."
        )


@dataclass(frozen=True)
class TrialStore:
    """A results folder."""

    root: Path

    def trial(self, trial: Trial) -> TrialFolder:
        """Folder of a trial."""
        return TrialFolder(self.root / trial.id)

    def write_study(self, name: str, record: Record) -> None:
        """Store the resolved study beside its trials."""
        write_json(self.root / name / "study.json", record)

    def register(self, name: str, record: Record) -> None:
        """Store what the study states; only the first record is kept, whoever else writes one."""
        write_once(self.root / name / "registered.json", record)

    def registered(self, name: str) -> Record | None:
        """What was stored by :meth:`register`."""
        return read_json(self.root / name / "registered.json")

    def studies(self) -> list[str]:
        """Names of the studies that have something stored."""
        return sorted(path.parent.name for path in self.root.glob("*/study.json"))

    def read_study(self, name: str) -> Record:
        """The resolved study.

        Raises:
            UserError: There is none, or it cannot be read.
        """
        path = self.root / name / "study.json"
        record = read_json(path)
        if record is None:
            known = ", ".join(self.studies()) or "none"
            raise UserError(f"{path}: no such study; stored here: {known}")
        for metric, facts in record.get("plugin_metrics", {}).items():
            add_metric(metric, facts["better"], facts["definition"], facts["source"])
        return record

    def folders(self, study: str) -> list[TrialFolder]:
        """Folders of all trials of a study that have been started.

        Raises:
            UserError: A pack is damaged, or there are trials both in a pack and in folders.
        """
        folder = self.root / study
        paths = [path.parent for path in folder.glob("*/seed-*/run.json")]
        pack = PackedStudy(folder)
        if pack.exists:
            if paths:
                raise UserError(
                    f"{folder} holds trials both in {' and '.join(PACKS)} and in folders such as "
                    f"{min(paths)}; move the one or the other elsewhere"
                )
            paths = [folder / arm / f"seed-{seed}" for arm, seed in pack.trials()]
        return [TrialFolder(path) for path in sorted(paths)]


def find_stored(path: Path) -> tuple[TrialStore, str, list[TrialFolder]]:
    """The store, the study and the started trials that a folder of results holds.

    Args:
        path: Folder of a study, of one of its arms, or of a single trial.

    Raises:
        UserError: It is none of these.
    """
    resolved = path.resolve()
    for study in (resolved, *resolved.parents[:2]):
        if (study / "study.json").exists():
            store = TrialStore(path.parents[len(resolved.relative_to(study).parts)])
            folders = [
                folder
                for folder in store.folders(study.name)
                if folder.path.resolve().is_relative_to(resolved)
            ]
            return store, study.name, folders
    raise UserError(f"{path}: not the folder of a stored study, of one of its arms or trials")

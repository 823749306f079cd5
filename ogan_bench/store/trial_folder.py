"""The folder of one trial: what it holds, who works on it, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ogan_bench.errors import UserError
from ogan_bench.files import Record, read_bytes, read_json, write_bytes, write_json
from ogan_bench.store import claims
from ogan_bench.store.journal import Journal, read_file
from ogan_bench.store.packed import PackedStudy, compact_command
from ogan_bench.store.record_shapes import FORMAT, parse_record
from ogan_bench.store.sealed import sealed_json
from ogan_bench.study.trial import Trial

SILENT_SECONDS = 60.0
"""A trial without a heartbeat for so long may hang, have been killed, or measure something slow."""


@dataclass(frozen=True)
class TrialFolder:
    """The files of one trial."""

    path: Path

    def snapshot(self) -> TrialSnapshot:
        """The trial as it is now."""
        return TrialSnapshot(self.path)

    @property
    def checkpoint(self) -> Path:
        """State of the training."""
        return self.path / "checkpoint.pt"

    @property
    def checkpoint_before(self) -> Path:
        """The state at the checkpoint before the last one, until the training ends."""
        return self.path / "checkpoint_before.pt"

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

    @property
    def journals(self) -> dict[str, Journal]:
        """The training log and the evaluations during training, by the names of their files."""
        return {journal.path.name: journal for journal in (self.log, self.history)}

    def step_picture(self, step: int) -> Path:
        """Samples as they were after a step."""
        return self.path / "steps" / f"step-{step:07d}.png"

    @property
    def error(self) -> Path:
        """Traceback of the last attempt, if it failed."""
        return self.path / "error.txt"

    @property
    def stacks(self) -> Path:
        """Where a worker process was that crashed or hung, until its parent has read it."""
        return self.path / "stacks.txt"

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

    @property
    def _interruption(self) -> Path:
        return self.path / ".interrupt"

    def ask_to_stop(self) -> None:
        """Have whoever trains the trial, on any machine, save its state and leave it.

        Raises:
            UserError: The folder cannot be written.
        """
        write_bytes(self._interruption, b"", durable=False)

    @property
    def is_asked_to_stop(self) -> bool:
        """Whether :meth:`ask_to_stop` was called since the attempt began."""
        return self._interruption.exists()

    def forget_to_stop(self) -> None:
        """A new attempt is wanted, or the one that was asked has ended."""
        self._interruption.unlink(missing_ok=True)

    def write_error(self, text: str) -> None:
        """Keep the traceback of a failure, where the disk has room for it."""
        with suppress(UserError):
            write_bytes(self.error, text.encode())

    @contextmanager
    def claim(self, *, patient: bool = False) -> Iterator[Callable[[], None]]:
        """Hold the trial exclusively.

        Args:
            patient: As for :func:`~ogan_bench.store.claims.claimed`, which says what is yielded.

        Raises:
            BusyError: Another process holds it.
            UserError: Its study is packed.
        """
        self.check_not_packed()
        with claims.claimed(self.path, patient=patient) as check:
            self.check_not_packed()  # it may have been packed between the two
            yield check

    def read(self, name: str) -> Record | None:
        """One of the JSON files, or ``None`` where it is not there.

        Raises:
            UserError: It is damaged, does not hold what such a file must, or was made for another
                place. The message names the mend.
        """
        path, mend = self.path / name, self._mend(name)
        content = read_file(path) if self._pack.exists else read_bytes(path, mend)
        if content is None:
            return None
        record = parse_record(content, path, mend)
        self._check_place(name, record)
        return record

    def _mend(self, name: str) -> str:
        """What the user can do about a damaged file."""
        if self._pack.exists:
            return "put back the pack as it was"
        again = {
            "result.json": "and run the study again: the trained nets are measured anew",
            "samplings.json": "and ask for the samplings again",
        }
        if name in again:
            return f"put back a copy, or delete the file {again[name]}"
        return f"put back a copy, or delete {self.path} to train the trial again"

    def write(self, name: str, record: Record) -> None:
        """Write one of the JSON files atomically, sealed."""
        write_bytes(self.path / name, sealed_json(record))

    def samplings(self) -> dict[int, list[Record]]:
        """Evaluation seed to rows as in ``result.json``, of further evaluations of the same nets.

        Raises:
            UserError: As for :meth:`read`.
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
    def is_running(self) -> bool:
        """Whether a process holds the trial; none does where nothing can be claimed."""
        if self._pack.exists:
            return False
        try:
            return claims.is_held(self.path)
        except UserError:  # a folder that is read-only
            return False

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
        return result is not None and _has_trained(result, trial_budget)

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
        if not _has_trained(result, trial_budget):
            return False
        # Older results do not say; what they were asked for was measured.
        measured = result.get("measured") or (self.read("run.json") or {}).get("config", {}).get(
            "evaluation", {}
        ).get("extractors", [])
        return set(trial.settings.evaluation.measured) <= set(measured)

    def state(self) -> str:
        """``finished``, ``stopped``, ``running``, ``failed``, ``interrupted`` or ``missing``.

        Raises:
            UserError: What is stored is damaged.
        """
        result = self.read("result.json")
        if self.read("run.json") is None and result is not None:
            raise self.no_run()
        if result is not None and result["outcome"] != "stopped":
            return "finished"
        if not self.is_started:
            return "missing"
        if self.is_running:
            return "running"
        if self._has("error.txt"):
            return "failed"
        return "interrupted" if result is None else "stopped"

    def check_not_packed(self) -> None:
        """Refuse to add to a packed study.

        Raises:
            UserError: The study is packed.
        """
        pack = self._pack
        if pack.exists:
            mend = "use another results folder (--results)"
            if pack.is_compacted:
                mend = f"unpack it with {compact_command(pack.folder)} --undo"
            raise UserError(
                f"{pack.folder} is packed: its trials can be read, but none can be added or "
                f"measured again; {mend}"
            )

    def _check_place(self, name: str, record: Record) -> None:
        """Refuse a record that was made for another place: it would count, or work, there.

        Raises:
            UserError: Names what the record says and the place that it lies at.
        """
        study, arm, folder = self.path.absolute().parts[-3:]
        place = {"study": study, "arm": arm, "seed": folder.removeprefix("seed-")}
        said = {key: str(record.get(key, here)) for key, here in place.items()}
        if said != place:
            raise UserError(
                f"{self.path / name}: says that it is of "
                f"{said['study']}/{said['arm']}/seed-{said['seed']}; it was moved, copied or "
                "edited, so put it back to the place that it names, or delete the folder"
            )

    def read_log(self, name: str) -> list[Record]:
        """All whole lines of a log, if it is the one that the result was made with.

        That is not asked of a stopped trial, which may be in training again.

        Raises:
            UserError: It is damaged. The message names the mend.
        """
        journal, result = self.journals[name], self.read("result.json") or {}
        known = None if result.get("outcome") == "stopped" else result.get("sha256", {}).get(name)
        if known is not None and journal.sha256() != known:
            problem = "its SHA-256 is not that in result.json"
        else:
            try:
                return journal.read()
            except ValueError as error:
                problem = str(error)
        raise UserError(f"{journal.path}: damaged ({problem}); {self._mend(name)}")

    def no_run(self) -> UserError:
        """The error of a result whose settings are not known."""
        path = self.path / "run.json"
        return UserError(f"{path}: missing, with a result beside it; {self._mend('run.json')}")


@dataclass(frozen=True)
class TrialSnapshot(TrialFolder):
    """A trial at one moment: each of its JSON files is read once, however often it is asked for.

    For several questions about a trial. What is written afterwards is seen by another one.
    """

    _known: dict[str, Record | None] = field(default_factory=dict, compare=False, repr=False)

    def read(self, name: str) -> Record | None:
        if name not in self._known:
            self._known[name] = super().read(name)
        return self._known[name]


def _has_trained(result: Record, trial_budget: float | None) -> bool:
    """:meth:`TrialFolder.is_trained` of a result that has been read."""
    seconds = (result.get("training") or {}).get("seconds") or 0.0
    return result["outcome"] == "ok" or (
        result["outcome"] == "stopped" and trial_budget is not None and seconds > trial_budget
    )

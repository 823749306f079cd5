"""Where results are stored and what each file holds; only this package knows.

::

    <root>/classifiers/<hash>.safetensors     classifiers that the trials were measured with
    <root>/<study>/study.json                 the study as it was resolved
                  /registered.json            what it stated before its first trial
                  /protocol.md                the same in words, if it was registered by hand
    <root>/<study>/<arm>/seed-0/run.json      configuration, identity, provenance; written first
                               /train.jsonl   one line every few steps
                               /history.jsonl evaluations during training
                               /progress.json heartbeat of a running trial
                               /.interrupt    asks whoever trains the trial to save and leave it
                               /checkpoint.pt state of the training, sealed with its SHA-256
                               /checkpoint_before.pt the one before, until the training ends
                               /chosen.pt     weights that did best on held-out images
                               /nets.safetensors, nets.json  E and G as they were measured
                               /samples.png, reconstructions.png, swapped.png, neighbours.png,
                                missing.png, invented.png, interpolations.png
                               /steps/step-0000500.png, ...: samples of one fixed z
                               /error.txt     traceback of an attempt that failed
                               /result.json   outcome and metrics; written last: the trial is done
                               /samplings.json metrics of the same nets with other evaluation seeds

A study may be packed (:mod:`ogan_bench.store.packed`): then the JSON files, logs and tracebacks of
its trials are rows of two files beside ``study.json``. A packed study is read like any other and
cannot be added to. One that was packed where it lies (:mod:`ogan_bench.store.compaction`) has all
other files in ``files.zip``, and can be unpacked.

The JSON files of studies and trials end with their own SHA-256 (:mod:`ogan_bench.store.sealed`),
and a result holds those of the logs. Whole files are replaced atomically; the log is appended to,
and cut back to the checkpoint on resume. How a trial is claimed: :mod:`ogan_bench.store.claims`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ogan_bench.errors import UserError, listed
from ogan_bench.files import Record, read_bytes, read_json, write_bytes, write_once
from ogan_bench.metrics import add_metric
from ogan_bench.store.packed import PACKS, PackedStudy, compact_command
from ogan_bench.store.record_shapes import parse_record
from ogan_bench.store.sealed import sealed_json
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.trial import Trial

SEED = re.compile(r"seed-(0|[1-9]\d{0,18})")
"""Names of the folders of trials."""


@dataclass(frozen=True)
class TrialStore:
    """A results folder."""

    root: Path

    def trial(self, trial: Trial) -> TrialFolder:
        """Folder of a trial."""
        return TrialFolder(self.root / trial.id)

    @property
    def classifiers(self) -> Path:
        """Folder of the classifiers that were trained to measure trials, of all studies."""
        return self.root / "classifiers"

    def write_study(self, name: str, record: Record) -> None:
        """Store the resolved study beside its trials."""
        write_bytes(self.root / name / "study.json", sealed_json(record))

    def register(self, name: str, record: Record) -> None:
        """Store what the study states; only the first record is kept, whoever else writes one."""
        write_once(self.root / name / "registered.json", record)

    def registered(self, name: str) -> Record | None:
        """What was stored by :meth:`register`."""
        mend = "put back the original: without it the study counts as not registered"
        return read_json(self.root / name / "registered.json", mend)

    def studies(self) -> list[str]:
        """Names of the studies that have something stored."""
        return sorted(path.parent.name for path in self.root.glob("*/study.json"))

    def read_study(self, name: str) -> Record:
        """The resolved study.

        Raises:
            UserError: There is none, or it is damaged, does not hold what such a file must or
                was made for another place.
        """
        path = self.root / name / "study.json"
        mend = "put back a copy, or delete the file and run the study again, which writes it anew"
        content = read_bytes(path, mend)
        if content is None:
            known = listed(self.studies()) or "none"
            raise UserError(f"{path}: no such study; stored here: {known}")
        record = parse_record(content, path, mend)
        if (folder := record.get("folder", name)) != name:
            raise UserError(f"{path}: says that its folder is {folder}; rename the folder back")
        for metric, facts in record.get("plugin_metrics", {}).items():
            add_metric(metric, facts["better"], facts["definition"], facts["source"])
        return record

    def folders(self, study: str) -> list[TrialFolder]:
        """Folders of all trials of a study that have been started.

        Raises:
            UserError: A pack is damaged, or there are trials both in a pack and in folders.
        """
        folder = self.root / study
        paths = [path for path in folder.glob("*/seed-*") if _is_started(path)]
        pack = PackedStudy(folder)
        if pack.exists:
            if paths and pack.is_compacted:
                raise UserError(
                    f"{folder} is half packed; go on with {compact_command(folder)}, or go back "
                    "by adding --undo"
                )
            if paths:
                raise UserError(
                    f"{folder} holds trials both in {' and '.join(PACKS)} and in folders such as "
                    f"{min(paths)}; move the one or the other elsewhere"
                )
            paths = [folder / arm / f"seed-{seed}" for arm, seed in pack.trials()]
        return [TrialFolder(path) for path in sorted(paths)]


def _is_started(path: Path) -> bool:
    """Whether a folder is of a trial, and has what an attempt at it leaves."""
    return SEED.fullmatch(path.name) is not None and any(
        (path / name).exists() for name in ("run.json", "result.json")
    )


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
            # As the user wrote it, if the results folder is among the parents that were written.
            written = (parent for parent in path.parents if parent.resolve() == study.parent)
            store = TrialStore(next(written, study.parent))
            folders = [
                folder
                for folder in store.folders(study.name)
                if folder.path.resolve().is_relative_to(resolved)
            ]
            return store, study.name, folders
    raise UserError(f"{path}: not the folder of a stored study, of one of its arms or trials")

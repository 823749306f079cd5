"""Joins results folders: trials that several machines have run become one study.

Everything is compared before the first file is written, and nothing stored is replaced but a trial
without a result by the same trial with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ogan_bench.errors import UserError
from ogan_bench.files import Record, read_bytes, write_bytes
from ogan_bench.store import claims
from ogan_bench.store.journal import read_file
from ogan_bench.store.packed import PACKS, PackedStudy
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.diffs import differences

Action = Literal["added", "completed", "kept", "running"]
"""What becomes of a trial: it is new here; it gets the result that it lacked; what is here stays;
it is being run there and is passed over."""

ACTIONS: tuple[Action, ...] = get_args(Action)

SAME = (
    "question", "hypotheses", "alpha", "metrics", "tune", "scale", "arms", "identities",
    "plugin_metrics",
)  # fmt: skip
"""Keys of ``study.json`` that two parts of one study have in common; seeds are united."""

GIVEN_UP = ("checkpoint.pt", "checkpoint_before.pt", "chosen.pt", "error.txt")
"""Files of an attempt that is given up for a finished one."""


@dataclass(frozen=True)
class Merged:
    """What became of the trials of a study.

    Args:
        study: Name of its folder.
        trials: Number of trials by what became of them.
    """

    study: str
    trials: Counter[Action]


def merge(root: Path, sources: Iterable[Path]) -> list[Merged]:
    """Add the studies, trials and classifiers of other results folders to one.

    Args:
        root: The results folder that is added to; it need not exist.
        sources: Results folders, which stay as they are.

    Returns:
        One entry for each study of each source.

    Raises:
        UserError: A source holds no study or damaged files, a study states something else in two
            of them, a trial has two results, or another process holds a trial of this folder.
            Nothing has been written then, unless an earlier source was added before, or the other
            process claimed the trial meanwhile.
    """
    return [merged for source in sources for merged in _merge_one(TrialStore(root), source)]


def _merge_one(target: TrialStore, path: Path) -> list[Merged]:
    source = TrialStore(path)
    studies = source.studies()
    if not studies:
        raise UserError(f"{path}: no study is stored here; name results folders")
    if path.resolve() == target.root.resolve():
        raise UserError(f"{path}: the folder that the others are added to; leave it out")
    classifiers = list(_new_classifiers(source, target))
    actions = {study: _compared(source, target, study) for study in studies}
    for file, content in classifiers:
        write_bytes(file, content)
    merged = []
    for study, planned in actions.items():
        _add_study(source, target, study)
        for folder, action in planned:
            if action in ("added", "completed"):
                _copy(folder, target.root / folder.path.relative_to(source.root))
        merged.append(Merged(study, Counter(action for _, action in planned)))
    return merged


def _compared(
    source: TrialStore, target: TrialStore, study: str
) -> list[tuple[TrialFolder, Action]]:
    """The trials of a study in another folder, and what is to become of each.

    Raises:
        UserError: Names everything that does not go together.
    """
    record = source.read_study(study)
    if study in target.studies():
        _check_same(target.root / study, target.read_study(study), source.root / study, record)
    TrialFolder(target.root / study / "arm" / "seed-0").check_not_packed()
    conflicts: list[str] = []
    planned: list[tuple[TrialFolder, Action]] = []
    PackedStudy(source.root / study).check_not_compacted()
    for folder in source.folders(study):
        here = TrialFolder(target.root / folder.path.relative_to(source.root))
        try:
            planned.append((folder, _action(folder, here)))
        except UserError as error:
            conflicts.append(str(error))
    if conflicts:
        raise UserError("\n".join(conflicts))
    return planned


def _check_same(here: Path, ours: Record, there: Path, theirs: Record) -> None:
    stated, other = ({key: record.get(key) for key in SAME} for record in (ours, theirs))
    if changes := differences(stated, other):
        listed = ", ".join(key for key, _, _ in changes)
        raise UserError(
            f"{there}: another study than {here} (they differ in {listed}); merge it into another "
            "folder"
        )


def _action(there: TrialFolder, here: TrialFolder) -> Action:
    """What becomes of a trial.

    Raises:
        UserError: It has two results or two configurations, is being run here, or is damaged.
    """
    if there.is_running:
        return "running"
    run, result = there.read("run.json"), there.read("result.json")
    if run is None:
        raise there.no_run()
    for name in there.journals:
        there.read_log(name)  # raises where it is not the one that the result was made with
    if not here.is_started and not here.is_finished:
        return "added"
    if claims.is_held(here.path):
        raise UserError(f"{here.path}: is being run now; merge once that has ended")
    ours = here.read("run.json")
    if ours is None:
        raise here.no_run()
    if ours["config_hash"] != run["config_hash"]:
        listed = "; ".join(
            f"{key}: {old!r} here, {new!r} there"
            for key, old, new in differences(ours["config"], run["config"])
        )
        raise UserError(f"{there.path}: of another configuration than {here.path} ({listed})")
    if not here.is_finished:
        return "kept" if result is None else "completed"
    if result is not None and read_file(there.path / "result.json") != read_file(
        here.path / "result.json"
    ):
        raise UserError(
            f"{here.path} and {there.path}: two results of one trial; delete one of the folders"
        )
    return "kept"


def _add_study(source: TrialStore, target: TrialStore, study: str) -> None:
    """Store the study, or its further seeds; the registration of trials that are here stays."""
    record = source.read_study(study)
    with claims.awaited(target.root / study):
        if study not in target.studies():
            if not target.folders(study):
                for name in ("registered.json", "protocol.md"):
                    path = source.root / study / name
                    content = read_bytes(path, "put back a copy")
                    if content is not None:
                        write_bytes(target.root / study / name, content)
            target.write_study(study, record)
            return
        ours = target.read_study(study)
        if more := set(record["seeds"]) - set(ours["seeds"]):
            target.write_study(study, {**ours, "seeds": sorted({*ours["seeds"], *more})})


def _copy(folder: TrialFolder, target: Path) -> None:
    """Copy a trial; its result comes last, so that half a copy is a trial without one."""
    with claims.claimed(target) as check:
        for name in GIVEN_UP:
            (target / name).unlink(missing_ok=True)
        for name, content in sorted(_files(folder), key=lambda file: file[0] == "result.json"):
            check()
            write_bytes(target / name, content)


def _files(folder: TrialFolder) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file of a trial that another machine can use."""
    if PackedStudy(folder.path.parent.parent).exists:
        files = [(name, read_file(folder.path / name)) for pack in PACKS.values() for name in pack]
    else:
        files = [
            (path.relative_to(folder.path).as_posix(), read_bytes(path, "put back a copy"))
            for path in sorted(folder.path.rglob("*"))
            if path.is_file() and not path.name.startswith(".") and path != folder.heartbeat
        ]  # what starts with a dot is a lock, or half a file
    yield from ((name, content) for name, content in files if content is not None)


def _new_classifiers(source: TrialStore, target: TrialStore) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(source.classifiers.glob("*.safetensors")):
        content, here = path.read_bytes(), target.classifiers / path.name
        if not here.exists():
            yield here, content
        elif here.read_bytes() != content:
            raise UserError(f"{here} and {path}: other classifiers by one name; delete one of them")

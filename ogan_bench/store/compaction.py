"""Packs the trials of a study where they lie, into three files, and unpacks them again.

The packs of a published study hold the JSON files and logs; ``files.zip`` holds all other files, as
they are, and the SHA-256 of every file of both. While all three are there, they are whole; while
one is missing, the trials' folders are. So a kill at any moment loses nothing, and the same command
goes on: a folder is removed only once every file in it has been read back from the packs, and the
packs only once every file is in its folder again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ogan_bench.errors import UserError
from ogan_bench.files import replacing, sync, write_bytes
from ogan_bench.store import claims
from ogan_bench.store.lease import BusyError
from ogan_bench.store.packed import FILES, PACKS, PackedStudy
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import SEED, TrialStore

MANIFEST = "manifest-sha256.txt"
"""Member of ``files.zip``: a line for each file of each trial, in the format of ``sha256sum``."""

IN_PACKS = frozenset(name for names in PACKS.values() for name in names)

PIECES = (*PACKS, FILES)
"""In the order in which they are removed; written the other way round: ``files.zip`` says whose
the packs are, so it is there first and last."""


REMOVED = ".seed-"
"""How the name of a trial's folder begins while it is removed: half of one must not be taken for a
trial."""


class _NotAsPackedError(Exception):
    """A file is not as it was packed, or its trial is being run."""


@dataclass(frozen=True)
class Compacted:
    """What became of a study.

    Args:
        study: Name of its folder.
        before: Number of files and folders in its folder.
        after: The same afterwards, or as it would be.
        note: Why nothing was done; empty if something was.
        is_left: Whether it was passed over because trials are not finished or are being run.
    """

    study: str
    before: int
    after: int
    note: str = ""
    is_left: bool = False


def compact(store: TrialStore, study: str, *, dry_run: bool = False) -> Compacted:
    """Pack all trials of a study, and remove their folders.

    Args:
        store: The results.
        study: Name of the study's folder.
        dry_run: Only say what would be done.

    Returns:
        What was done. A study is passed over if one of its trials is not finished.

    Raises:
        UserError: There is no such study, a file is damaged or not as it was packed, another
            process is at work on the study, or the folder cannot be written.
    """
    store.read_study(study)
    folder = store.root / study
    with _held(folder):
        before = _entries(folder)
        pack, paths = PackedStudy(folder), _folders(folder)
        if pack.exists and not pack.is_compacted:
            return Compacted(study, before, before, "packed as it is published")
        resumes = _are_whole(folder)
        if not any(map(_files, paths)) and not any(folder.glob(f"*/{REMOVED}*")):
            note = "compacted before" if resumes else "no trial has been started"
            return Compacted(study, before, before, note)
        if not resumes:
            if not dry_run:
                _remove_pieces(folder)
            if (why := _unfinished(paths)) is not None:
                return Compacted(study, before, before, why, is_left=True)
        if dry_run:
            gone = sum(_entries(path) + 1 for path in paths) + len({path.parent for path in paths})
            return Compacted(study, before, before - gone + len(PIECES))
        if not resumes:
            _write(folder, paths)
        try:
            _check_folders(folder, paths)
        except _NotAsPackedError as error:
            if resumes:  # what has been removed is in the packs alone
                mend = "move that folder elsewhere, and give the same command again"
                raise UserError(f"{error}, and others of the study are removed; {mend}") from None
            _remove_pieces(folder)
            return Compacted(study, before, before, str(error), is_left=True)
        _remove_folders(folder, paths)
    return Compacted(study, before, _entries(folder))


def unpack(store: TrialStore, study: str, *, dry_run: bool = False) -> Compacted:
    """Undo :func:`compact`: the same files with the same content.

    Args:
        store: The results.
        study: Name of the study's folder.
        dry_run: Only say what would be done.

    Raises:
        UserError: There is no such study, a pack is damaged, a file lies there with other content,
            another process is at work on the study, or the folder cannot be written.
    """
    store.read_study(study)
    folder = store.root / study
    with _held(folder):
        before = _entries(folder)
        if not PackedStudy(folder).is_compacted:
            return Compacted(study, before, before, "not compacted")
        if not _are_whole(folder):
            if not dry_run:
                _remove_pieces(folder)
            left = sum((folder / piece).exists() for piece in PIECES)
            return Compacted(study, before, _entries(folder) - left)
        hashes = _manifest(folder)
        if dry_run:
            return Compacted(study, before, before + _missing(folder, hashes) - len(PIECES))
        check(folder)  # of all files, before the first is written
        for name, content in _contents(folder, hashes):
            path = folder / name
            if not path.exists():
                write_bytes(path, content, durable=False)
            elif path.read_bytes() != content:
                raise UserError(
                    f"{path}: lies there with other content than in the packs; move it elsewhere"
                )
        os.sync()  # once, and not for each file
        _remove_pieces(folder)
        _remove_folders(folder, [])
    return Compacted(study, before, _entries(folder))


def check(folder: Path) -> None:
    """Read every file of a compacted study back.

    Raises:
        UserError: One is damaged; names the pack.
    """
    for _ in _contents(folder, _manifest(folder)):
        pass


def _folders(folder: Path) -> list[Path]:
    """Folders of trials, started or not, of a study."""
    found = sorted(folder.glob("*/seed-*"))
    return [path for path in found if SEED.fullmatch(path.name) and path.is_dir()]


def _are_whole(folder: Path) -> bool:
    """Whether all packs are there, so that they are whole; else the trials' folders are."""
    return all((folder / piece).exists() for piece in PIECES)


def _held(folder: Path) -> ExitStack:
    stack = ExitStack()
    try:
        stack.enter_context(claims.claimed(folder))
    except BusyError:
        raise UserError(
            f"{folder}: another process is at work on this study; try again once it has ended"
        ) from None
    return stack


def _unfinished(paths: list[Path]) -> str | None:
    """Why trials cannot be packed yet; ``None`` if all of them can."""
    for path in filter(_files, paths):
        trial = TrialFolder(path).snapshot()
        state = "running" if trial.is_running else trial.state()
        if state != "finished":
            return f"{path.parent.name}/{path.name} is {state}"
    return None


def _write(folder: Path, paths: list[Path]) -> None:
    """Write ``files.zip``, then the packs; each appears when it is whole and on disk."""
    trials: dict[tuple[str, int], dict[str, bytes]] = {}
    hashes: dict[str, str] = {}
    with (
        replacing(folder / FILES) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
    ):
        for path in filter(_files, paths):
            packed: dict[str, bytes] = {}
            trials[path.parent.name, int(path.name.removeprefix("seed-"))] = packed
            for file in _files(path):
                name, content = file.relative_to(folder).as_posix(), file.read_bytes()
                hashes[name] = hashlib.sha256(content).hexdigest()
                if file.parent == path and file.name in IN_PACKS:
                    packed[file.name] = content
                else:
                    archive.writestr(zipfile.ZipInfo(name), content)
        lines = "".join(f"{sha256}  {name}\n" for name, sha256 in hashes.items())
        archive.writestr(zipfile.ZipInfo(MANIFEST), lines)
    PackedStudy(folder).write(trials)


def _check_folders(folder: Path, paths: list[Path]) -> None:
    """Compare every file of some trials with what is read back from the packs.

    Whoever claimed a trial before the packs were there is still at work or has ended, and what was
    written is seen; nobody can claim it any more.

    Raises:
        _NotAsPackedError: A file differs or is not packed, or a trial is being run.
    """
    hashes = _manifest(folder)
    there = {file.relative_to(folder).as_posix(): path for path in paths for file in _files(path)}
    if further := sorted(there.keys() - hashes.keys()):
        raise _NotAsPackedError(f"{folder / further[0]}: is not in the packs")
    for path in paths:
        if claims.is_held(path):
            raise _NotAsPackedError(f"{path.parent.name}/{path.name} is running")
    for name, content in _contents(folder, {name: hashes[name] for name in there}):
        if (folder / name).read_bytes() != content:
            raise _NotAsPackedError(f"{folder / name}: is not as it was packed")


def _remove_folders(folder: Path, paths: list[Path]) -> None:
    """Remove folders of trials, and what an earlier command has left of others."""
    for path in paths:
        path.rename(path.with_name(f".{path.name}"))
    removed = list(folder.glob(f"*/{REMOVED}*"))
    for path in removed:
        shutil.rmtree(path)
    for arm in {path.parent for path in removed}:
        if not any(arm.iterdir()):
            arm.rmdir()


def _files(path: Path) -> list[Path]:
    """The files of a trial: all but locks, claims and what a killed process left half written."""
    return [
        file for file in sorted(path.rglob("*"))
        if file.is_file() and not file.name.startswith(".")
    ]  # fmt: skip


def _manifest(folder: Path) -> dict[str, str]:
    """Path of each packed file in the study's folder, to its SHA-256."""
    with _opened(folder) as archive:
        lines = archive.read(MANIFEST).decode().splitlines()
    return {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}


def _contents(folder: Path, hashes: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Path and content of packed files, each as it was packed.

    Raises:
        UserError: One is missing or damaged, or would lie outside of a trial's folder.
    """
    pack = PackedStudy(folder)
    known = {(arm, str(seed)) for arm, seed in pack.trials()}
    with _opened(folder) as archive:
        for name, sha256 in hashes.items():
            arm, _, rest = name.partition("/")
            trial, _, inner = rest.partition("/")
            seed = trial.removeprefix("seed-")
            parts = PurePosixPath(inner).parts
            if (arm, seed) not in known or not parts or ".." in parts or parts[0] == "/":
                raise _damaged(folder, f"{name} is of no trial")
            content = pack.read(arm, int(seed), inner) if inner in IN_PACKS else archive.read(name)
            if content is None or hashlib.sha256(content).hexdigest() != sha256:
                raise _damaged(folder, f"{name} is not as it was packed")
            yield name, content


@contextmanager
def _opened(folder: Path) -> Iterator[zipfile.ZipFile]:
    """``files.zip``; whatever is wrong with it is one error."""
    try:
        with zipfile.ZipFile(folder / FILES) as archive:
            yield archive
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(folder, str(error)) from None


def _damaged(folder: Path, reason: str) -> UserError:
    return UserError(f"{folder / FILES}: damaged ({reason}); put back a copy")


def _remove_pieces(folder: Path) -> None:
    """Remove the packs of a study whose trials are all in their folders."""
    for piece in PIECES:
        (folder / piece).unlink(missing_ok=True)
    sync(folder)


def _entries(folder: Path) -> int:
    """Number of files and folders in a folder, at any depth."""
    return sum(1 for _ in folder.rglob("*"))


def _missing(folder: Path, paths: Iterable[str]) -> int:
    """Number of files and folders that these paths in a folder would add to it."""
    files = [PurePosixPath(path) for path in paths]
    wanted = {*files, *(parent for file in files for parent in file.parents)}
    return sum(not (folder / path).exists() for path in wanted)

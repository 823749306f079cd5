"""Checks an archive: every file against its hash, what it says of itself, and its verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.archive.crate import METADATA
from ogan_bench.archive.manifest import MANIFEST, files_of, read_manifest
from ogan_bench.errors import UserError
from ogan_bench.files import Record, read_json, sha256
from ogan_bench.store.trial_store import TrialStore

MEND = "put back a copy of the archive"


@dataclass(frozen=True)
class Verified:
    """What was found.

    Args:
        files: Number of files in the manifest.
        verdicts: Study to the number of its verdicts that were decided again.
        faults: What is not as it was archived, a line each.
    """

    files: int
    verdicts: dict[str, int]
    faults: list[str]


def verify_archive(folder: Path) -> Verified:
    """Check every hash, missing and further files, the crate, and the verdicts.

    The verdicts are decided again by this version from the archived data.

    Args:
        folder: Of the archive.

    Raises:
        UserError: It has no manifest, or one that cannot be read.
    """
    stated, found = read_manifest(folder), set(files_of(folder)) - {MANIFEST}
    hashes = {name: sha256(folder / name) for name in sorted(found & set(stated))}
    faults = [f"{name}: missing; {MEND}" for name in sorted(set(stated) - found)]
    faults += [
        f"{name}: not in the manifest, so it came later; move it elsewhere"
        for name in sorted(found - set(stated))
    ]
    faults += [
        f"{name}: damaged, its SHA-256 is not that in {MANIFEST}; {MEND}"
        for name, digest in hashes.items()
        if digest != stated[name]
    ]
    faults += _of_crate(folder, stated)
    verdicts: dict[str, int] = {}
    for study in TrialStore(folder).studies():
        try:
            decided, changes = _decided_again(folder, study)
        except UserError as error:
            faults.append(str(error))
        else:
            verdicts[study] = decided
            faults += changes
    return Verified(len(stated), verdicts, list(dict.fromkeys(faults)))


def _of_crate(folder: Path, stated: dict[str, str]) -> Iterator[str]:
    """What the crate says that is not so."""
    try:
        metadata = read_json(folder / METADATA, MEND)
        entities = {entity["@id"]: entity for entity in (metadata or {}).get("@graph", [])}
        files = {
            unquote(name): entity
            for name, entity in entities.items()
            if "File" in _listed(entity["@type"])
        }
    except UserError as error:
        yield str(error)
        return
    except (AttributeError, KeyError, TypeError):
        yield f"{METADATA}: not a list of entities with @id and @type; {MEND}"
        return
    for name in sorted(set(stated) - {METADATA} - set(files)):
        yield f"{METADATA}: does not describe {name}; {MEND}"
    for name, entity in files.items():
        if name not in stated and name != MANIFEST:
            yield f"{METADATA}: describes {name}, which is not in the manifest; {MEND}"
        elif entity.get("sha256", stated.get(name)) != stated.get(name):
            yield f"{METADATA}: states another SHA-256 of {name} than {MANIFEST}; {MEND}"
    for name, entity in entities.items():
        for target in _references(entity):
            if target not in entities and not target.startswith(("http://", "https://")):
                yield f"{METADATA}: {name} refers to {target}, which it does not describe; {MEND}"


def _references(entity: Record) -> Iterator[str]:
    for value in entity.values():
        for entry in _listed(value):
            if isinstance(entry, dict) and isinstance(entry.get("@id"), str):
                yield entry["@id"]


def _listed(value: object) -> Iterable[object]:
    return value if isinstance(value, list) else [value]


def _decided_again(folder: Path, study: str) -> tuple[int, list[str]]:
    """The number of verdicts, and which of them are no longer what the report says.

    Raises:
        UserError: The study or its report cannot be read.
    """
    path = folder / study / "report.json"
    report = read_json(path, MEND)
    if report is None:
        raise UserError(f"{study}/report.json: missing; {MEND}")
    try:
        stated = {entry["hypothesis"]["id"]: entry["decision"] for entry in report["verdicts"]}
    except (KeyError, TypeError):
        raise UserError(f"{path}: does not state verdicts; {MEND}") from None
    now = {
        verdict.hypothesis.id: verdict.decision
        for verdict in analyse_stored(folder, study).verdicts
    }
    changes = [
        f"{study}: the report says that {name} is {stated.get(name, 'no hypothesis')}; decided "
        f"again from the data, it is {now.get(name, 'no hypothesis')}"
        for name in dict.fromkeys([*stated, *now])
        if stated.get(name) != now.get(name)
    ]
    return len(now), changes

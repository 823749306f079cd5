"""What a study stated before its first trial, and how it has changed since.

A hypothesis that is formed after seeing the data is not tested by them. So the first run of a study
records its hypotheses, error level, metrics, arms and seeds, once; each trial stores the hash of
this record; and if the study states something else later, the report says DEVIATED and lists the
changes. This is a record, not tamper-proof: whoever can write the folder can rewrite all of it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.diffs import differences

REGISTERED = ("hypotheses", "alpha", "metrics", "seeds", "identities")
"""Keys of ``study.json`` that are recorded."""

_FREE = ("claim", "part_of")
"""Keys of a hypothesis that may be reworded: they change no verdict."""


def register(store: TrialStore, study: str, record: Record) -> str | None:
    """Write ``registered.json`` if no trial of the study has been started yet.

    Args:
        store: The results.
        study: Name of the study's folder.
        record: ``study.json``.

    Returns:
        Hash of what is registered; ``None`` where trials are older than any registration.
    """
    registered = registration(store, study)
    if registered is None and not store.folders(study):
        store.register(study, stated(record))
        registered = registration(store, study)
    return None if registered is None else str(registered["sha256"])


def registration(store: TrialStore, study: str) -> Record | None:
    """What was registered, or ``None``.

    Raises:
        UserError: The file cannot be read, or was changed.
    """
    registered = store.registered(study)
    if registered is not None and registered["sha256"] != stated(registered)["sha256"]:
        raise UserError(
            f"{store.root / study / 'registered.json'}: was changed after it was written; "
            "put back the original"
        )
    return registered


def stated(record: Record) -> Record:
    """What a study states, with its hash."""
    content = {key: record[key] for key in REGISTERED}
    text = json.dumps(_essential(content), sort_keys=True, separators=(",", ":"))
    return {"format": 1, **content, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def deviations(registered: Record, record: Record) -> list[str]:
    """How what a study states now differs from what was registered.

    Args:
        registered: ``registered.json``.
        record: ``study.json``.

    Returns:
        One sentence per change, without a full stop.
    """
    before, now = _essential(registered), _essential(record)
    found = _of_mappings("hypothesis", before["hypotheses"], now["hypotheses"])
    found += _of_mappings("arm", before["identities"], now["identities"])
    for key, name in (("metrics", "metric"), ("seeds", "seed")):
        for word, entries in (
            ("added", [entry for entry in now[key] if entry not in before[key]]),
            ("removed", [entry for entry in before[key] if entry not in now[key]]),
        ):
            if entries:
                plural = "" if len(entries) == 1 else "s"
                found.append(f"{name}{plural} {word}: {', '.join(map(str, entries))}")
    if before["alpha"] != now["alpha"]:
        found.append(f"alpha changed: {before['alpha']:g} → {now['alpha']:g}")
    return found


def _essential(content: Record) -> Record:
    """What verdicts depend on, with the hypotheses by id and without their wording."""
    hypotheses = {
        entry["id"]: {key: value for key, value in entry.items() if key not in _FREE}
        for entry in content["hypotheses"]
    }
    return {**{key: content[key] for key in REGISTERED}, "hypotheses": hypotheses}


def _of_mappings(kind: str, before: Record, now: Record) -> list[str]:
    found = [f"{kind} {name} added" for name in now if name not in before]
    found += [f"{kind} {name} removed" for name in before if name not in now]
    for name in before:
        if name in now and before[name] != now[name]:
            changes = [
                f"{key}: {_short(old)} → {_short(new)}"
                for key, old, new in differences(before[name], now[name])
            ]
            found.append(f"{kind} {name} changed ({', '.join(changes)})")
    return found


def _short(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)

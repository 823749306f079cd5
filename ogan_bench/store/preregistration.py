"""What a study stated before its first trial, and how it has changed since.

A hypothesis that is formed after seeing the data is not tested by them. So before its first trial
a study records, once, all that its verdicts rest on; each trial stores the hash of this record; and
if the study states something else later, the report says DEVIATED and lists the changes. This is a
record, not tamper-proof: whoever can write the folder can rewrite all of it.

Format 1 froze neither the question nor the wording of hypotheses, and stated neither procedure nor
tool: it is read as what it froze, under procedure 1. Where protocols of metrics are not stated, as
in older registrations, nothing is said of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ogan_bench.errors import UserError
from ogan_bench.files import Record
from ogan_bench.metrics import METRICS
from ogan_bench.store.provenance import code_and_machine, tool
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.diffs import differences
from ogan_bench.study.first_defaults import hypothesis_with_first_defaults
from ogan_bench.study.procedure import PROCEDURE

FORMAT = 2

REGISTERED = ("question", "hypotheses", "alpha", "metrics", "seeds", "identities")
"""Keys of ``study.json`` that are recorded."""

_FREE_IN_FORMAT_1 = ("claim", "part_of")
"""Keys of a hypothesis that format 1 did not freeze."""


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


def check_unregistered(store: TrialStore, study: str) -> None:
    """Check that a study may be registered now.

    Raises:
        UserError: It is registered, or has trials.
    """
    folder = store.root / study
    registered = registration(store, study)
    if registered is not None:
        raise UserError(
            f"{folder / 'registered.json'}: registered before, SHA-256 {registered['sha256']}; a "
            "study is registered once"
        )
    if started := store.folders(study):
        raise UserError(
            f"{folder}: has trials, such as {started[0].path.name} of "
            f"{started[0].path.parent.name}; a study is registered before its first trial"
        )


def registration(store: TrialStore, study: str) -> Record | None:
    """What was registered, or ``None``.

    Raises:
        UserError: The file cannot be read, or was changed.
    """
    registered = store.registered(study)
    if registered is None:
        return None
    path = store.root / study / "registered.json"
    if registered.get("format") not in (1, FORMAT):
        raise UserError(
            f"{path}: format {registered.get('format')!r} cannot be read here, only 1 and "
            f"{FORMAT}; use the version of ogan_bench that wrote it"
        )
    try:
        whole = registered["sha256"] == _hash(registered)
    except (KeyError, TypeError, AttributeError):  # it lacks what is hashed
        whole = False
    if not whole:
        raise UserError(f"{path}: was changed after it was written; put back the original")
    return registered


def stated(record: Record) -> Record:
    """What a study states, with the protocols of its metrics, the procedure that decides, the tool
    that is about to run it, and its hash.

    Args:
        record: ``study.json``.
    """
    tuning = {"tune": record["tune"]} if "tune" in record else {}
    content = {
        "format": FORMAT,
        **{key: record[key] for key in REGISTERED},
        **tuning,
        "protocols": {
            name: METRICS[name].protocol for name in record["metrics"] if name in METRICS
        },
        "procedure": PROCEDURE,
        "tool": tool(code_and_machine()),
    }
    return {**content, "sha256": _hash(content)}


def deviations(
    registered: Record,
    record: Record,
    tools: Iterable[Record],
    protocols: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> list[str]:
    """How what a study states now differs from what was registered.

    Args:
        registered: ``registered.json``.
        record: ``study.json``.
        tools: What trained the trials, or is about to.
        protocols: Metric to the protocols under which its values were measured.

    Returns:
        One sentence per change, without a full stop.
    """
    old = registered["format"]
    before, now = _frozen(registered, old), _frozen({**record, "procedure": PROCEDURE}, old)
    found = [_change("question", before, now)] if before["question"] != now["question"] else []
    found += _of_mappings("hypothesis", before["hypotheses"], now["hypotheses"])
    found += _of_mappings("arm", before["identities"], now["identities"])
    for key, name in (("metrics", "metric"), ("seeds", "seed")):
        for word, entries in (
            ("added", [entry for entry in now[key] if entry not in before[key]]),
            ("removed", [entry for entry in before[key] if entry not in now[key]]),
        ):
            if entries:
                plural = "" if len(entries) == 1 else "s"
                found.append(f"{name}{plural} {word}: {', '.join(map(str, entries))}")
    found += [
        _change(key, before, now)
        for key in ("alpha", "tune", "procedure")
        if before[key] != now[key]
    ]
    for metric, known in registered.get("protocols", {}).items():
        if others := sorted(set(protocols.get(metric, ())) - {known}):
            found.append(f"protocol of {metric} changed: {known} → {', '.join(others)}")
    if others := _others(registered, tools, "ogan_bench"):
        known = registered["tool"]["ogan_bench"]
        found.append(f"version of ogan_bench changed: {known} → {', '.join(others)}")
    return found


def other_commits(registered: Record, tools: Iterable[Record]) -> list[str]:
    """Commits of the tool that trials were trained at, other than the registered one.

    No deviation by themselves: within one version, a commit may change documentation alone.
    """
    return _others(registered, tools, "git_commit")


def _others(registered: Record, tools: Iterable[Record], key: str) -> list[str]:
    """Values that trials have and the registration, where it states one, does not."""
    known = registered.get("tool", {}).get(key)
    found = {tool.get(key) for tool in tools} if known is not None else set()
    return sorted(str(value) for value in found if value not in (None, known))


def _hash(content: Record) -> str:
    if content["format"] == 1:
        kept = {key: content[key] for key in REGISTERED if key != "question"}
        kept["hypotheses"] = _by_id(content["hypotheses"], _FREE_IN_FORMAT_1)
    else:
        kept = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _frozen(content: Record, form: int) -> Record:
    """What a registration of a format freezes, in a form in which two can be compared."""
    free = _FREE_IN_FORMAT_1 if form == 1 else ()
    hypotheses = map(hypothesis_with_first_defaults, content["hypotheses"])
    return {
        **{key: content[key] for key in REGISTERED if key != "question"},
        "question": "" if form == 1 else content["question"],
        "hypotheses": _by_id(hypotheses, free),
        "tune": content.get("tune"),
        "procedure": content.get("procedure", 1),
    }


def _by_id(hypotheses: Iterable[Record], left_out: Collection[str]) -> Record:
    """Hypotheses by their id, in whatever order they are, without some of their keys."""
    return {
        entry["id"]: {key: value for key, value in entry.items() if key not in left_out}
        for entry in hypotheses
    }


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


def _change(key: str, before: Record, now: Record) -> str:
    return f"{key} changed: {_short(before[key])} → {_short(now[key])}"


def _short(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)

"""Do the results of a study stand for what it stated before them? In the same words everywhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ogan_bench.files import Record
from ogan_bench.store.preregistration import deviations, other_commits, registration
from ogan_bench.store.provenance import trained_with
from ogan_bench.store.trial_store import TrialStore


@dataclass(frozen=True)
class Standing:
    """Whether verdicts are about what was stated before the first trial, and on all of its trials.

    Args:
        registered: Hash of the study as registered before its first trial; ``None`` if it was not.
        deviations: How the study, or what ran its trials, differs from the registration.
        complete: Whether every planned trial has a result.
    """

    registered: str | None = None
    deviations: tuple[str, ...] = ()
    complete: bool = True

    @property
    def text(self) -> str:
        """In words, such as ``registered`` or ``preliminary; not registered``."""
        words = {
            "preliminary": not self.complete,
            "deviated": bool(self.deviations),
            "registered": self.registered is not None and not self.deviations,
            "not registered": self.registered is None,
        }
        return "; ".join(word for word, holds in words.items() if holds)

    def record(self) -> Record:
        """As plain data."""
        return {
            "text": self.text,
            "registered": self.registered,
            "deviations": self.deviations,
            "complete": self.complete,
        }


def standing_of(
    store: TrialStore,
    study: str,
    record: Record,
    runs: Mapping[str, Record],
    measured_with: Mapping[str, Record],
    protocols: Mapping[str, Collection[str]],
    *,
    complete: bool,
) -> tuple[Standing, list[str]]:
    """The standing of a study, and notes on what differs without being a deviation.

    A trial that another version of the tool has measured anew is what was registered as long as
    its training, the metrics and their protocols are: it is named in a note.

    Args:
        store: The results.
        study: Name of the study's folder.
        record: ``study.json``.
        runs: Trial to ``run.json``, of all that have been started.
        measured_with: Trial to the tool that measured its result, where the result says so.
        protocols: Metric to the protocols under which its values were measured.
        complete: Whether every planned trial has a result.

    Raises:
        UserError: The registration cannot be read, or was changed.
    """
    registered = registration(store, study)
    known = None if registered is None else str(registered["sha256"])
    tools = [by for run in runs.values() for by in trained_with(run)]
    found = [] if registered is None else deviations(registered, record, tools, protocols)
    started: dict[str | None, list[str]] = {}
    for name, run in runs.items():
        started.setdefault(run.get("registered"), []).append(name)
    without = started.pop(None, []) if known is not None else []
    started.pop(known, None)
    if without:
        found.append(f"started without a registration: {', '.join(without)}")
    if others := [name for names in started.values() for name in names]:
        what = "a registration that is gone" if known is None else "another registration"
        found.append(f"started under {what}: {', '.join(others)}")
    notes = []
    if registered is not None and (commits := other_commits(registered, tools)):
        version, commit = registered["tool"].values()
        notes.append(
            f"Registered with ogan_bench {version} at commit {commit}; trials were run at commit "
            f"{', '.join(commits)} of the same version"
        )
    return Standing(known, tuple(found), complete), notes + _measured_anew(runs, measured_with)


def _measured_anew(runs: Mapping[str, Record], measured_with: Mapping[str, Record]) -> list[str]:
    """Which trials another version of the tool, or another commit, measured than trained them."""
    anew: dict[str, list[str]] = {}
    for name, measured in measured_with.items():
        trained = trained_with(runs[name])[-1]
        if trained["ogan_bench"] is not None and trained != measured:
            pair = f"{_named(measured)} after training with {_named(trained)}"
            anew.setdefault(pair, []).append(name)
    return [
        f"Measured anew with {pair}: "
        + ("all trials" if len(names) == len(measured_with) else ", ".join(names))
        for pair, names in anew.items()
    ]


def _named(tool: Record) -> str:
    commit = tool["git_commit"]
    return f"ogan_bench {tool['ogan_bench']}" + (f" at commit {commit}" if commit else "")

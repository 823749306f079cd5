"""``ro-crate-metadata.json``: what the files of an archive are, and which runs made them.

Every trial is a run of this software: its version and commit, the settings and data that went in,
when it began and ended, and the files that came out. Trials of earlier versions do not store when
they ended; all say how long they trained and were evaluated.

References:
    RO-Crate 1.1, https://www.researchobject.org/ro-crate/specification/1.1/
    Process Run Crate 0.5, https://w3id.org/ro/wfrun/process/0.5
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from ogan_bench.analysis.analyse import Analysis
from ogan_bench.analysis.trial_rows import FINISHED
from ogan_bench.archive.author import Author
from ogan_bench.archive.contents import NETS, PACKED, description
from ogan_bench.archive.licence import NOT_STATED, address
from ogan_bench.archive.manifest import MANIFEST
from ogan_bench.archive.training_data import TrainingData, all_data, data_of
from ogan_bench.files import Record, sha256
from ogan_bench.store.provenance import code_and_machine, tool, trained_with

METADATA = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
CONTEXT = [
    f"{SPECIFICATION}/context",
    {"sha256": "http://schema.org/sha256"},  # younger than the context
]

FORMATS = {
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".safetensors": "application/octet-stream",
    ".yaml": "application/yaml",
    ".cff": "application/yaml",
    ".md": "text/markdown",
    ".html": "text/html",
    ".csv": "text/csv",
    ".tex": "application/x-tex",
    ".bib": "application/x-bibtex",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
    ".pdf": "application/pdf",
    ".png": "image/png",
}
"""Ending of a file to its media type."""

MACHINE = ("python", "torch", "device", "cpu")
"""What a run's description says of the machine."""


@dataclass(frozen=True)
class Deposit:
    """What those who publish an archive say of it.

    Args:
        licence: SPDX identifier, or ``NOASSERTION``.
        authors: Those to be cited.
        date: Of the publication, ISO 8601.
    """

    licence: str
    authors: Sequence[Author]
    date: str


def crate(
    folder: Path,
    analyses: Mapping[str, Analysis],
    deposit: Deposit,
    names: Sequence[str],
    data_licences: Mapping[str, str],
) -> tuple[Record, dict[str, str]]:
    """The metadata of an archive whose other files are there.

    Args:
        folder: Of the archive.
        analyses: Study to its analysis.
        deposit: What those who publish it say.
        names: Paths of all files.
        data_licences: Hash of data to their licence, where it is known.

    Returns:
        The JSON-LD document, and path to SHA-256.
    """
    hashes = {name: sha256(folder / name) for name in names}
    files = [_file(folder, name, hashes[name]) for name in names]
    inside: dict[str, list[str]] = {}
    for name in names:
        top, slash, _ = name.partition("/")
        inside.setdefault(top + slash, []).append(name)
    datasets = [
        {
            "@id": _id(top),
            "@type": "Dataset",
            **_of_folder(top, analyses),
            "hasPart": _refs(map(_id, held)),
        }
        for top, held in inside.items()
        if top.endswith("/")
    ]
    runs = list(_runs(analyses, names))
    tools = {
        _tool_id(facts): _tool(facts)
        for facts in [tool(code_and_machine()), *(facts for run in runs for facts in run.tools)]
    }
    actions = [run.action for run in runs]
    actions += [_report(name, names) for name in analyses]
    people = [_person(author) for author in deposit.authors]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": PROFILE},
        "name": f"ogan_bench: {', '.join(analyses)}",
        "description": " ".join(map(_description, analyses.values())),
        "datePublished": deposit.date,
        **_licence_of(deposit),
        **_given("author", _refs(person["@id"] for person in people)),
        "hasPart": _refs([*map(_id, inside), _id(MANIFEST)]),
        "mentions": _refs(action["@id"] for action in actions),
    }
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": {"@id": SPECIFICATION},
            "about": {"@id": "./"},
        },
        root,
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        *_licences(deposit),
        *people,
        *tools.values(),
        *(_data(data, data_licences) for data in all_data(analyses.values())),
        *datasets,
        *files,
        _file_entity(MANIFEST),
        *actions,
    ]
    return {"@context": CONTEXT, "@graph": graph}, hashes


@dataclass(frozen=True)
class _Run:
    """The action of a trial, and the versions that took part in it."""

    action: Record
    tools: Sequence[Record]


def _runs(analyses: Mapping[str, Analysis], names: Sequence[str]) -> Iterator[_Run]:
    known = set(names)
    for study, analysis in analyses.items():
        results = analysis.results
        settings = f"{study}/study.json"
        for row in results.planned:
            if not isinstance(row["path"], str):
                continue  # not started, or not readable
            folder = results.folder(row["path"])
            run, result = folder.read("run.json") or {}, folder.read("result.json") or {}
            tools = [*trained_with(run), *([result["tool"]] if result.get("tool") else [])]
            data = data_of(results.record["arms"][row["arm"]], run)
            made = [f"{study}/{name}" for name in PACKED]
            made += [f"{row['path']}/{name}" for name in NETS if f"{row['path']}/{name}" in known]
            attempts = run.get("attempts", [])
            begun = [attempt["started"] for attempt in attempts]
            ended = [attempt.get("ended") for attempt in attempts]
            action = {
                "@id": f"#{row['path']}",
                "@type": "CreateAction",
                "name": f"Training and evaluation of {row['path']}",
                "description": _run_in_words(row, results.provenance.get(_trial(row), {})),
                "instrument": _refs(dict.fromkeys(map(_tool_id, tools))),
                "object": _refs([_id(settings), data.id]),
                "result": _refs(map(_id, made)),
                **_given("startTime", min(filter(None, begun), default=None)),
                **_given("endTime", max(filter(None, ended), default=None)),
                **_status(row),
            }
            yield _Run(action, tools)


def _run_in_words(row: Record, provenance: Mapping[str, str]) -> str:
    parts = [f"Outcome: {row['outcome']}"]
    parts += [
        f"{row[key]:.3g} s of {what}"
        for key, what in (("seconds", "training"), ("evaluation_seconds", "evaluation"))
        if not math.isnan(row[key])
    ]
    parts += [f"{name} {provenance[name]}" for name in MACHINE if name in provenance]
    return "; ".join(parts) + "."


def _status(row: Record) -> Record:
    """How the run ended; a training that diverged has its result, and is complete."""
    if row["outcome"] in (*FINISHED, "stopped"):
        return {"actionStatus": "http://schema.org/CompletedActionStatus"}
    error = row["reason"] if isinstance(row["reason"], str) else row["outcome"]
    return {"actionStatus": "http://schema.org/FailedActionStatus", "error": error}


def _report(study: str, names: Sequence[str]) -> Record:
    """The analysis that this package made just now."""
    read = [f"{study}/{name}" for name in ("study.json", "registered.json", *PACKED)]
    made = [
        name for name in names if name.startswith(f"{study}/") and "/seed-" not in name
        and name not in read
    ]  # fmt: skip
    return {
        "@id": f"#report-{study}",
        "@type": "CreateAction",
        "name": f"Analysis and report of {study}",
        "description": f"ogan-bench report {study}",
        "instrument": {"@id": _tool_id(tool(code_and_machine()))},
        "object": _refs(_id(name) for name in read if name in names),
        "result": _refs(map(_id, made)),
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }


def _data(data: TrainingData, licences: Mapping[str, str]) -> Record:
    return {
        "@id": data.id,
        "@type": "CreativeWork",
        "name": data.dataset,
        "description": f"Images, not in the archive: {data.settings}. The identifier is a hash of "
        "their pixels and labels.",
        **_given("identifier", data.data_hash),
        **_given("license", licences.get(str(data.data_hash))),
    }


def _tool(facts: Record) -> Record:
    commit = facts.get("git_commit")
    return {
        "@id": _tool_id(facts),
        "@type": "SoftwareApplication",
        "name": "ogan_bench",
        "description": "Evaluation and ablation of O-GAN and every GAN that carries an encoder"
        + (f"; git commit {commit}." if commit else "."),
        **_given("softwareVersion", facts.get("ogan_bench")),
        **_given("identifier", commit),
    }


def _tool_id(facts: Record) -> str:
    parts = ["ogan_bench", facts.get("ogan_bench"), (facts.get("git_commit") or "")[:12]]
    return quote("#" + "-".join(part for part in parts if part), safe="#+")


def _person(author: Author) -> Record:
    return {"@id": author.address, "@type": "Person", "name": author.name}


def _licence_of(deposit: Deposit) -> Record:
    if deposit.licence == NOT_STATED:
        return {"license": f"{NOT_STATED}: no licence is stated"}
    return {"license": {"@id": address(deposit.licence)}}


def _licences(deposit: Deposit) -> Iterator[Record]:
    if deposit.licence != NOT_STATED:
        yield {
            "@id": address(deposit.licence),
            "@type": "CreativeWork",
            "name": deposit.licence,
            "description": f"The licence {deposit.licence} of the SPDX list.",
            "url": address(deposit.licence),
        }


def _of_folder(top: str, analyses: Mapping[str, Analysis]) -> Record:
    analysis = analyses.get(top.rstrip("/"))
    if analysis is None:
        return {"name": top, "description": description(top)}
    return {"name": analysis.overview.question, "description": _description(analysis)}


def _description(analysis: Analysis) -> str:
    """Question and answer of a study."""
    answer = analysis.answer.sentence or "It has no hypotheses."
    return f"{analysis.overview.question} {answer} {analysis.overview.standing.text.capitalize()}."


def _file(folder: Path, name: str, digest: str) -> Record:
    size = str((folder / name).stat().st_size)
    return {**_file_entity(name), "contentSize": size, "sha256": digest}


def _file_entity(name: str) -> Record:
    suffix = PurePosixPath(name).suffix
    return {
        "@id": _id(name),
        "@type": "File",
        "name": name,
        "description": description(name),
        **_given("encodingFormat", FORMATS.get(suffix)),
    }


def _id(name: str) -> str:
    return quote(name)


def _refs(ids: Iterable[str]) -> list[Record] | Record:
    """References to entities; to a single one without a list, as JSON-LD has it."""
    found = [{"@id": name} for name in ids]
    return found[0] if len(found) == 1 else found


def _given(key: str, value: Any) -> Record:
    """The entry, unless there is no value."""
    return {key: value} if value else {}


def _trial(row: Record) -> str:
    return f"{row['arm']}/seed-{row['seed']}"

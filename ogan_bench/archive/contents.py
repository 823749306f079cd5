"""What the files of an archive are, by their names."""

from __future__ import annotations

from pathlib import PurePosixPath

from ogan_bench.store.packed import PACKS

PACKED = tuple(PACKS)
"""Files of a study that hold its trials."""

NETS = ("nets.safetensors", "nets.json")
"""Files of a trial that hold its encoder and generator."""

NAMED = {
    "README.md": "What this is, and how to read it",
    "CITATION.cff": "How to cite ogan_bench",
    "manifest-sha256.txt": "SHA-256 of every other file, for sha256sum -c",
    "index.html": "All studies with their verdicts",
    "classifiers/": "Classifiers that trials were measured with",
    "study.json": "The resolved study: question, arms, seeds, metrics, hypotheses and settings",
    "registered.json": "What the study stated before its first trial",
    "protocol.md": "What the study stated before its first trial, in words",
    "trials.parquet": "Settings, provenance and results of all trials, a row for each",
    "logs.parquet": "Training logs and evaluations during training of all trials, a row for each",
    "nets.safetensors": "Weights of the encoder and the generator as they were measured",
    "nets.json": "Settings, images and hash that belong to nets.safetensors",
    "report.html": "The report, one self-contained page",
    "report.md": "The report in Markdown",
    "report.json": "The numbers of the report",
    "table.csv": "Estimates by metric and arm, in full precision",
    "table.tex": "Tables for LaTeX, as wide as a page of two columns",
    "table-column.tex": "Tables for LaTeX, as wide as one column",
    "methods.tex": "Methods, compute, limitations and settings for LaTeX",
    "references.bib": "BibTeX of metrics and parts",
}
"""Name of a file or folder to what it is."""

KINDS = ("results", "reports", "nets", "classifiers", "pictures", "about the archive")


def description(path: str) -> str:
    """What a file is, in a few words."""
    name = PurePosixPath(path).name
    if path.endswith("/"):
        return NAMED.get(path, "A study")
    if name in NAMED:
        return NAMED[name]
    kinds = {
        "results": "The study file",
        "reports": "A figure of the report",
        "classifiers": "Classifiers of one dataset",
        "pictures": "Images of a trial",
    }
    return kinds[kind_of(path)]


def kind_of(path: str) -> str:
    """One of :data:`KINDS`."""
    place = PurePosixPath(path)
    if len(place.parts) == 1:
        return "reports" if path == "index.html" else "about the archive"
    if place.parts[0] == "classifiers":
        return "classifiers"
    if place.name in NETS:
        return "nets"
    if len(place.parts) > 3:
        return "pictures"
    is_result = place.name in ("study.json", "registered.json", "protocol.md", *PACKED)
    return "results" if is_result or place.suffix == ".yaml" else "reports"

"""BibTeX of what a study uses: the sources of its metrics, and those of its arms' parts.

A source is stated where a thing is defined: in the definition of a metric, and under ``References``
in the docstring of a part. ``bibliography.bib`` has an entry for each of them; this finds it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.analysis.results import StudyResults
from ogan_bench.study.catalogue import parts

FILE = Path(__file__).with_name("bibliography.bib")

SECTIONS = {
    "data": "datasets",
    "model": "models",
    "objective": "objectives",
    "adversarial": "adversarial",
    "readout": "readouts",
    "consistency": "consistency",
    "penalty": "penalties",
    "consistency_weight": "schedules",
    "optimizer": "optimizers",
    "generator_optimizer": "optimizers",
    "updates": "updates",
    "augmentation": "augmentations",
}
"""Key of a setting to the kind of the part that it names."""


@functools.cache
def bibliography() -> dict[str, str]:
    """Key to BibTeX entry of everything that may be cited, by key."""
    entries = FILE.read_text(encoding="utf-8").strip().split("\n\n")
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry for entry in entries}


def cited(source: str) -> list[str]:
    """Keys of the entries that a source names: by arXiv number, DOI or address, else by name.

    >>> cited("Su, 2019, arXiv 1903.01931"), cited("after Roy and Vetterli, 2007"), cited("ours")
    (['su2019'], ['roy2007'], [])
    """
    found = []
    for key, place in _places().items():
        name = re.escape(place) if place else rf"{key[:-4]}\b.*\b{key[-4:]}"  # as in roy2007
        if re.search(rf"(?<![\w.]){name}(?!\w)", source, re.IGNORECASE):
            found.append(key)
    return found


def references(results: StudyResults) -> list[str]:
    """BibTeX entries of a study's metrics and of the parts of its arms, by key."""
    keys = {key for metric in results.metric_names for key in cited(metric_info(metric).source)}
    for settings in results.record["arms"].values():
        for kind, name in named_parts(settings):
            if name in parts(kind):
                keys.update(part_references(parts(kind)[name].doc))
    return [entry for key, entry in bibliography().items() if key in keys]


def part_references(doc: str) -> list[str]:
    """Keys of the entries under ``References`` in a part's docstring."""
    return cited(" ".join(doc.partition("References:")[2].split()))


def named_parts(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind and name of every part that settings name, at any depth."""
    for key, value in settings.items():
        name = value.get("name") if isinstance(value, Mapping) else value
        if key in SECTIONS and isinstance(name, str):
            yield SECTIONS[key], name
        if isinstance(value, Mapping):
            yield from named_parts(value)


@functools.cache
def _places() -> dict[str, str | None]:
    """Key to arXiv number, DOI or address of each entry."""
    found = {}
    for key, entry in bibliography().items():
        place = re.search(r"^  (?:eprint|doi|url) = {(.*)},$", entry, re.MULTILINE)
        found[key] = place[1] if place else None
    return found

"""BibTeX: every metric and every part has its sources, and a study cites what it uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ogan_bench.analysis.bibliography import (
    FILE,
    SECTIONS,
    bibliography,
    cited,
    named_parts,
    part_references,
    references,
)
from ogan_bench.metrics import METRICS
from ogan_bench.study.catalogue import KINDS, parts
from tests.unit.analysis.study_with_pictures import load, write

OURS = {"own definition", "ours", "measured", "counted"}
"""Sources of metrics that are this project's own."""


@pytest.mark.parametrize("source", sorted({metric.source for metric in METRICS.values()}))
def test_every_metric_has_a_source_or_is_our_own(source: str) -> None:
    keys = cited(source)
    assert bool(keys) != (source in OURS)
    assert len(keys) == max(1, len(re.findall(r"arXiv", source))) or source in OURS
    for number in re.findall(r"\d{4}\.\d{5}", source):
        assert any(number in bibliography()[key] for key in keys)


@pytest.mark.parametrize("kind", KINDS)
def test_every_reference_of_a_part_has_its_entry(kind: str) -> None:
    for name, part in parts(kind).items():
        stated = part.doc.partition("References:")[2]
        entries = [bibliography()[key] for key in part_references(part.doc)]
        assert bool(entries) == bool(stated), name
        for number in re.findall(r"\d{4}\.\d{5}", stated):
            assert any(number in entry for entry in entries), (name, number)


NO_SOURCE = {("datasets", "image_folder"), ("datasets", "parquet"), ("schedules", "constant")}
"""Parts with nothing to cite: files of the user's own, and a number."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_has_a_source_or_is_our_own(kind: str) -> None:
    for name, part in parts(kind).items():
        if name != "none" and (kind, name) not in NO_SOURCE:
            assert ("References:" in part.doc) or "Our own" in part.doc, name


def test_entries_are_complete_ordered_and_unique() -> None:
    keys = re.findall(r"^@\w+{(\w+),$", FILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(keys) == sorted(set(keys)) == sorted(bibliography())
    for key, entry in bibliography().items():
        assert entry.count("{") == entry.count("}"), key
        assert entry.isascii(), key
        for field in ("author", "title", "year"):
            assert f"\n  {field} = {{" in entry, key
        assert "and others" not in entry, key
        assert f"year = {{{re.search(r'[0-9]{4}', key)[0]}}}" in entry  # type: ignore[index]


def test_no_entry_is_never_cited() -> None:
    used = {key for metric in METRICS.values() for key in cited(metric.source)}
    for kind in KINDS:
        for part in parts(kind).values():
            used.update(part_references(part.doc))
    assert used == set(bibliography())


def test_every_part_of_settings_is_found_at_any_depth() -> None:
    settings = {
        "data": {"name": "digits"},
        "objective": {"name": "composed", "consistency": "pearson",
                      "consistency_weight": {"name": "warm_up"}},
        "training": {"optimizer": {"name": "adam"}, "generator_optimizer": None},
    }  # fmt: skip
    assert set(named_parts(settings)) == {
        ("datasets", "digits"), ("objectives", "composed"), ("consistency", "pearson"),
        ("schedules", "warm_up"), ("optimizers", "adam"),
    }  # fmt: skip
    assert set(SECTIONS.values()) == set(KINDS)


def test_a_study_cites_its_metrics_and_parts_alone(tmp_path: Path) -> None:
    results = load(write(tmp_path))
    results.record["arms"]["none"]["objective"] = {"name": "alae"}
    found = [entry[entry.index("{") + 1 : entry.index(",")] for entry in references(results)]
    assert found == sorted(found)
    assert {"pidhorskyi2020", "alpaydin1998", "su2018"} <= set(found)  # alae, digits, linear
    assert not {"kingma2014", "heusel2017"} & set(found)
    assert set(cited(METRICS["reconstruction_mse"].source)) <= set(found)

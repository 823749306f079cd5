"""Primary metrics: they exist, one question each, and the list and the page name them."""

from __future__ import annotations

import json
from pathlib import Path

from ogan_bench.metrics import METRICS, PRIMARY, primary_for
from tests.unit.cli.asking import ask

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_every_primary_metric_exists_and_answers_one_question() -> None:
    named = [name for names in PRIMARY.values() for name in names]
    assert set(named) <= set(METRICS)
    assert len(set(named)) == len(named)
    assert {name: primary_for(name) for name in named} == {
        name: question for question, names in PRIMARY.items() for name in names
    }


def test_the_list_marks_them() -> None:
    entries = {entry["name"]: entry for entry in json.loads(ask("list", "metrics", "--json"))}
    assert entries["latent_rho"]["primary_for"] == "latent round trip"
    assert entries["latent_r2"]["primary_for"] is None
    assert "Primary for latent round trip" in " ".join(ask("list", "metrics").split())


def test_the_page_has_the_same_table() -> None:
    table = "".join(
        f"| {question} | {', '.join(f'`{name}`' for name in names)} |\n"
        for question, names in PRIMARY.items()
    )
    assert table in PAGE.read_text(encoding="utf-8")

"""Primary metrics: they exist, one question each, and the list and the page name them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ogan_bench.metrics import METRICS, PRIMARY, primary_for
from tests.unit.cli.asking import ask

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "metrics.md"


def test_every_primary_metric_exists_and_answers_one_question() -> None:
    named = [name for names in PRIMARY.values() for name in names]
    assert set(named) <= set(METRICS)
    assert len(set(named)) == len(named)
    assert {name: primary_for(name) for name in named} == {
        name: question for question, names in PRIMARY.items() for name in names
    }


@pytest.mark.parametrize(
    ("side", "chosen"), [("Fidelity", "Clipped Density"), ("Diversity", "recall")]
)
def test_no_other_metric_of_its_side_passes_more_checks(side: str, chosen: str) -> None:
    published = (DOCS / "verification.md").read_text(encoding="utf-8")
    table = published.partition(f"\n{side}:\n\n")[2].partition("\n\n")[0]
    titles, *_, passed = (
        [cell.strip() for cell in line.split("|")[3:-1]] for line in table.splitlines()
    )
    counts = {title: int(cell.split()[0]) for title, cell in zip(titles, passed, strict=True)}
    assert counts[chosen] == max(counts.values())


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

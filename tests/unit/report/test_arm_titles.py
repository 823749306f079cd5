"""Titles of arms in everything that is shown; ids in everything that is read by programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.report.figure_list import drawings
from ogan_bench.report.report import FORMATS, write_report
from ogan_bench.store.trial_store import TrialStore

TITLES = {"none": "no term", "pearson": "with ρ", "mse": "squared error"}  # "broken" has none


@pytest.fixture
def titled(root: Path) -> Path:
    store = TrialStore(root)
    store.write_study("demo", {**store.read_study("demo"), "arm_titles": TITLES})
    return root


def test_figures_call_arms_by_their_titles(titled: Path) -> None:
    drawn = drawings(analyse_stored(titled, "demo"))
    for name in ("forest", "seeds-reconstruction_mse", "curve-rho"):
        assert "no term" in drawn[name].alt, name
        assert "broken" in drawn[name].alt, name
        assert "pearson" not in drawn[name].alt.replace("_pearson", ""), name
    assert "with ρ − no term" in drawn["forest"].alt


def test_pages_and_tables_call_arms_by_their_titles(titled: Path) -> None:
    written = write_report(analyse_stored(titled, "demo"), formats=FORMATS)
    assert "squared error  " in written.text
    page = written.html.read_text()
    assert '<span class="arm">no term</span>' in page
    assert "--arms none" in page  # the command
    text = written.markdown.read_text()
    assert "\n| squared error | 0.07" in text
    assert "The control of all differences is no term, " in text
    # The ablation says which id a title stands for.
    assert "| squared error (diverged 1/4) (mse) |" in text
    assert r"with $\rho$\par" in written.files["latex"].read_text()


def test_programs_read_ids(titled: Path) -> None:
    def read(root: Path) -> tuple[str, list[str]]:
        written = write_report(analyse_stored(root, "demo"), formats=("csv", "json"))
        summary = json.loads(written.files["json"].read_text())["summary"]
        return written.table.read_text(), [row["arm"] for row in summary]

    with_titles = read(titled)
    store = TrialStore(titled)
    record = store.read_study("demo")
    del record["arm_titles"]
    store.write_study("demo", record)
    assert read(titled) == with_titles
    assert set(with_titles[1]) == {"none", "pearson", "mse", "broken"}

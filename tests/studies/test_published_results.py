"""What the project publishes is what the tool makes of the stored trials."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from noxfile import shortened
from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.report.report import write_report
from ogan_bench.store.journal import read_file
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import trials
from tests.published_trial import with_defaults_of_its_time

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "results" / "reference"
PUBLISHED = sorted(path.parent.name for path in REFERENCE.glob("*/study.json"))


def test_something_is_published() -> None:
    assert "mse_vs_pearson" in PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_report_is_made_of_the_stored_trials(name: str, tmp_path: Path) -> None:
    """Text, verdicts and numbers; figures differ between versions of the drawing library."""
    here, published = tmp_path / name, REFERENCE / name
    shutil.copytree(published, here)
    for file in ("report.md", "table.csv"):
        (here / file).unlink()
    analysis = analyse_stored(tmp_path, name)
    write_report(analysis, figures="all")
    stated = json.loads((here / "study.json").read_text())
    text = shortened((here / "report.md").read_text(), stated)
    assert text == (published / "report.md").read_text()
    quoted = re.findall(r"^- \*\*(\w+)\*\*:.*\n.*, (.*?)\)\.", text, re.MULTILINE)
    assert [(word, name.replace("\\", "")) for word, name in quoted] == [
        (verdict.decision, verdict.hypothesis.id) for verdict in analysis.verdicts
    ]
    # Full precision: the last digit depends on the version of scipy.
    made, stored = (pd.read_csv(folder / "table.csv") for folder in (here, published))
    pd.testing.assert_frame_equal(made, stored, rtol=1e-12)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_trials_are_those_of_the_shipped_study(name: str) -> None:
    """With the defaults of their time."""
    study_name, _, scale = name.partition("-")
    study = load_study(shipped_studies()[study_name], scale=scale or None)
    store = TrialStore(REFERENCE)
    for trial in trials(study):
        run = store.trial(trial).read("run.json")
        assert run is not None, trial.id
        assert run["config_hash"] == with_defaults_of_its_time(trial).config_hash, trial.id
        assert run["provenance"]["git_dirty"] is False
        assert store.trial(trial).state() == "finished"


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_logs_are_those_that_the_results_were_made_with(name: str) -> None:
    """Each result names the SHA-256 of its logs."""
    for folder in TrialStore(REFERENCE).folders(name):
        result = folder.read("result.json")
        assert result is not None
        assert "train.jsonl" in result["sha256"]
        for file, known in result["sha256"].items():
            content = read_file(folder.path / file)
            assert content is not None
            assert hashlib.sha256(content).hexdigest() == known


def test_published_results_are_small_and_hold_no_weights() -> None:
    files = [path for path in REFERENCE.rglob("*") if path.is_file()]
    kinds = {".json", ".parquet", ".csv", ".md", ".svg", ".png"}
    assert {path.suffix for path in files} <= kinds
    assert len(files) <= 400
    assert sum(path.stat().st_size for path in files) <= 20e6


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_pictures_are_those_that_are_shown(name: str) -> None:
    """Every link of a report leads to a file, and every picture is linked to from a page."""
    folder = REFERENCE / name
    report = (folder / "report.md").read_text(encoding="utf-8")
    links = set(re.findall(r"\]\(([^)\s]+\.\w+)\)", report))
    assert [link for link in links if not (folder / link).exists()] == []
    pages = "".join(
        page.read_text(encoding="utf-8")
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    )
    pictures = [path for path in folder.rglob("*") if path.suffix in (".svg", ".png")]
    assert [
        path
        for path in pictures
        if path.relative_to(folder).as_posix() not in links
        and f"{path.relative_to(ROOT).as_posix()})" not in pages
    ] == []


def test_findings_quote_the_published_report() -> None:
    findings = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    quoted = re.search(r"<!-- result:begin .*?-->\n(.*?)<!-- result:end -->", findings, re.DOTALL)
    assert quoted is not None
    report = (REFERENCE / "mse_vs_pearson" / "report.md").read_text(encoding="utf-8")
    verdicts, _, table = quoted[1].partition("\n| |")
    assert verdicts.strip()
    assert verdicts.strip() in report
    assert f"| |{table}".strip() in report

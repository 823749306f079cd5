"""What the project publishes is what the tool makes of the stored trials."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.report.report import write_report
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import trials

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "results" / "reference"
PUBLISHED = sorted(path.parent.name for path in REFERENCE.glob("*/study.json"))


def test_something_is_published() -> None:
    assert "mse_vs_pearson" in PUBLISHED


@pytest.mark.parametrize("name", PUBLISHED)
def test_report_is_made_of_the_stored_trials(name: str, tmp_path: Path) -> None:
    """Text and numbers; figures differ between versions of the drawing library."""
    here, published = tmp_path / name, REFERENCE / name
    shutil.copytree(published, here)
    for file in ("report.md", "table.csv"):
        (here / file).unlink()
    write_report(analyse_stored(tmp_path, name))
    assert (here / "report.md").read_text() == (published / "report.md").read_text()
    # Full precision: the last digit depends on the version of scipy.
    made, stored = (pd.read_csv(folder / "table.csv") for folder in (here, published))
    pd.testing.assert_frame_equal(made, stored, rtol=1e-12)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_trials_are_those_of_the_shipped_study(name: str) -> None:
    study_name, _, scale = name.partition("-")
    study = load_study(shipped_studies()[study_name], scale=scale or None)
    for trial in trials(study):
        run = json.loads((REFERENCE / trial.id / "run.json").read_text())
        assert run["config_hash"] == trial.config_hash, trial.id
        assert run["provenance"]["git_dirty"] is False


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_results_are_small_and_hold_no_weights(name: str) -> None:
    files = [path for path in (REFERENCE / name).rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix in (".pt", ".safetensors", ".npy")]
    assert sum(path.stat().st_size for path in files) < 12 * 2**20


def test_findings_quote_the_published_report() -> None:
    findings = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    quoted = re.search(r"<!-- result:begin .*?-->\n(.*?)<!-- result:end -->", findings, re.DOTALL)
    assert quoted is not None
    report = (REFERENCE / "mse_vs_pearson" / "report.md").read_text(encoding="utf-8")
    verdicts, _, table = quoted[1].partition("\n| |")
    assert verdicts.strip()
    assert verdicts.strip() in report
    assert f"| |{table}".strip() in report

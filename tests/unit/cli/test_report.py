"""``ogan-bench report``: formats, and opening the page."""

from __future__ import annotations

import json
import re
import webbrowser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from tests.unit.analysis.study_with_pictures import write


def test_command_writes_formats_and_opens_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    write(tmp_path)
    line = ["report", "demo", "--results", str(tmp_path), "--format", "html,latex", "--open"]
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 0, result.output
    assert opened == [(tmp_path / "demo" / "report.html").resolve().as_uri()]
    assert (tmp_path / "demo" / "table.tex").exists()
    assert not (tmp_path / "demo" / "report.md").exists()
    drawn = tmp_path / "demo" / "figures"
    before = {path.name for path in drawn.iterdir()}
    every = CliRunner().invoke(app, [*line[:-1], "--figures", "all", "--figure-format", "pdf"])
    assert every.exit_code == 0, every.output
    assert {path.name for path in drawn.iterdir()} > before | {"forest.pdf"}
    unknown = CliRunner().invoke(app, [*line[:-3], "--format", "htlm"])
    assert "html" in str(unknown.exception)


def test_a_selection_goes_to_a_folder_of_its_own(tmp_path: Path) -> None:
    root = write(tmp_path / "results")
    line = ["report", "demo", "--results", str(root), "--format", "html,md,csv,latex,json"]
    assert CliRunner().invoke(app, line).exit_code == 0
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    part = ["--arms", "pea_rson", "--metrics", "reconstruction_mse"]
    for where in ([], ["--out", str(root)]):
        refused = CliRunner().invoke(app, [*line, *part, *where])
        assert "--out FOLDER" in str(refused.exception)
    out = tmp_path / "paper"
    done = CliRunner().invoke(app, [*line, *part, "--transpose", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    shown = "Shown: 1 of 2 arms of the study. Marks compare all arms"
    for name in ("report.html", "report.md", "report.json", "table.tex"):
        assert shown in (out / "demo" / name).read_text("utf-8"), name
    assert (out / "demo" / "table.csv").read_text("utf-8").count("\n") == 2
    text = (out / "demo" / "report.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)]+\.(?:png|svg))\)", text):
        assert (out / "demo" / link).is_file(), link
    assert "arm none" not in text  # no picture of the other arm
    page = (out / "demo" / "report.html").read_text("utf-8")
    assert "It is." in page  # the verdict on both arms


def test_unknown_arms_and_metrics_write_nothing(tmp_path: Path) -> None:
    root, out = write(tmp_path / "results"), tmp_path / "paper"
    line = ["report", "demo", "--results", str(root), "--out", str(out)]
    refused = CliRunner().invoke(app, [*line, "--arms", "pearson", "--metrics", "rho"])
    assert "no arm 'pearson'. Did you mean 'pea_rson'? Known: none, pea_rson." in str(
        refused.exception
    )
    assert "no metric 'rho'. Known: reconstruction_mse." in str(refused.exception)
    assert not out.exists()


def test_json_is_what_the_report_says(tmp_path: Path) -> None:
    root = write(tmp_path)
    done = CliRunner().invoke(
        app, ["report", "--results", str(root), "--format", "csv,json", "--json"]
    )
    (record,) = json.loads(done.stdout)
    files = record.pop("files")
    assert list(files) == ["csv", "json"]
    assert record == json.loads(Path(files["json"]).read_text("utf-8"))

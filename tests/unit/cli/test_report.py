"""``ogan-bench report``: formats, and opening the page."""

from __future__ import annotations

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

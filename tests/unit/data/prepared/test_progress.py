"""Progress messages of a preparation."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.data.prepared.progress import progress
from tests.unit.data.prepared.prepared_folder import load


class TestProgress:
    def test_lines_give_rate_and_time_left(self, capsys: pytest.CaptureFixture[str]) -> None:
        with progress("preparing faces", 70, line_seconds=0) as advance:
            for images in (32, 32, 6):
                advance(images)
        captured = capsys.readouterr()
        lines = captured.err.splitlines()
        assert len(lines) == 3
        assert lines[0].startswith("preparing faces: 32 of 70 images, ")
        assert "images/s, about 0:00:0" in lines[0]
        assert lines[-1].startswith("preparing faces: 70 of 70 images, ")
        assert captured.out == ""

    def test_a_quick_preparation_is_silent(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        load(folder)
        assert capsys.readouterr() == ("", "")

    def test_a_terminal_shows_a_bar(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setenv("TERM", "xterm")
        load(folder)
        captured = capsys.readouterr()
        assert "preparing faces" in captured.err
        assert "70/70" in captured.err
        assert captured.out == ""

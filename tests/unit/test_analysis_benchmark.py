"""The benchmark of reports runs; what it measures is not asserted."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "benchmarks" / "report.py"


def test_report_prints_its_tables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(SCRIPT))
    monkeypatch.setattr(sys, "argv", ["report.py", "--trials", "40", "--lines", "3"])
    script["main"]()
    printed = capsys.readouterr().out
    assert "| one study |" in printed
    assert "| 1 studies of 25 trials |" in printed
    assert "| the whole report |" in printed

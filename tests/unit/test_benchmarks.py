"""The benchmarks run; what they measure is not asserted."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"


def test_update_step_prints_its_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(BENCHMARKS / "update_step.py"))
    script["SETTINGS"][1:] = []
    monkeypatch.setattr(sys, "argv", ["update_step.py", "--rounds", "1"])
    script["main"]()
    assert "| 16, 16, 32, 1 |" in capsys.readouterr().out

"""Shared by tests of the data: a temporary data root."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_DATA", str(tmp_path))
    monkeypatch.delenv("OGAN_BENCH_PREPARED", raising=False)
    return tmp_path

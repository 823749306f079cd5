"""Shared by tests of fidelity: a cache of their own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"

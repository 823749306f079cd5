"""Shared by the oracles: the digits, and one cache of trained classifiers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.data import Dataset
from ogan_bench.data.sources.digits import digits


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits()


@pytest.fixture
def shared_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder: Path = tmp_path_factory.getbasetemp() / "ogan_bench_cache"
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(folder))

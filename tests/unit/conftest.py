"""Shared by unit tests of several packages: results, small digits, an empty store."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ogan_bench.data import Dataset
from ogan_bench.data.sources.digits import digits
from tests.unit.analysis.stored_study import build


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("template"))


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "results")


@pytest.fixture
def _stores(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGAN_BENCH_PREPARED", str(tmp_path_factory.mktemp("prepared")))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits(resolution=16)

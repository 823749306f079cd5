"""Shared by unit tests of several packages: results, small digits, an empty store, no plug-ins."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ogan_bench.data import Dataset
from ogan_bench.data.sources.digits import digits
from ogan_bench.metrics import METRICS
from ogan_bench.study import catalogue, settings
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


@pytest.fixture
def _forget_plugins() -> Iterator[None]:
    known = dict(METRICS)
    yield
    catalogue.unregister_plugins()
    settings.rebuild_models()
    METRICS.clear()
    METRICS.update(known)

"""One archive for all tests that only read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.unit.archive.archived_study import archived, with_nets


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder."""
    return with_nets(tmp_path_factory.mktemp("source") / "results")


@pytest.fixture(scope="session")
def whole(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archive, which no test changes."""
    return archived(source, tmp_path_factory.mktemp("archives") / "whole").path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    """A copy of the archive, to be changed."""
    return shutil.copytree(whole, tmp_path / "copy")

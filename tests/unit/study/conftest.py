"""Shared by tests of studies: a study file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.study.written_study import STUDY


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path

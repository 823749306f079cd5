"""Shared by tests of studies: a study file, and one with a plug-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.study.written_plugin import PLUGIN, PLUGIN_STUDY
from tests.unit.study.written_study import STUDY


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture
def plugin_study(tmp_path: Path, _forget_plugins: None) -> Path:
    (tmp_path / "my_terms.py").write_text(PLUGIN, encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(PLUGIN_STUDY, encoding="utf-8")
    return path

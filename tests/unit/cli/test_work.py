"""``ogan-bench work``: which trials of a results folder it would run."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from tests.unit.cli.asking import ask

SMOKE = ("mse_vs_pearson", "--scale", "smoke")


def test_a_folder_without_a_study_says_how_it_gets_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no study is stored here"):
        ask("work", "--results", str(tmp_path))
    ask("register", *SMOKE, "--results", str(tmp_path))
    with pytest.raises(UserError, match="no such study; stored here: mse_vs_pearson-smoke"):
        ask("work", "other", "--results", str(tmp_path))


def test_a_plugin_is_named_for_one_study(tmp_path: Path) -> None:
    ask("register", *SMOKE, "--results", str(tmp_path))
    ask("register", "mse_vs_pearson", "--results", str(tmp_path))
    with pytest.raises(UserError, match="name one of them"):
        ask("work", "--results", str(tmp_path), "--plugin", "mine.py")

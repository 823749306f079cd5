"""``ogan-bench run``: its results folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from tests.unit.cli.asking import ask


def test_results_are_in_one_folder_by_either_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--out is another name of --results"):
        ask("run", "mse_vs_pearson", "--results", "a", "--out", "b")
    (tmp_path / "file").touch()
    for name in ("--results", "--out"):
        with pytest.raises(UserError, match="file: a file, and no results folder"):
            ask("run", "mse_vs_pearson", name, str(tmp_path / "file"))


def test_help_has_one_word_for_it() -> None:
    text = ask("run", "--help")
    assert "--results" in text
    assert "--out" not in text

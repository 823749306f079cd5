"""``ogan-bench merge`` says what became of the trials."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.errors import UserError


def call(*words: object) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_what_became_of_the_trials_is_printed(root: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    assert call("merge", root, "--results", whole).split() == [
        "study", "added", "completed", "kept", "running", "demo", "19", "0", "0", "0",
    ]  # fmt: skip
    printed = call("merge", root, root, "--results", whole, "--json")
    assert json.loads(printed) == 2 * [{"study": "demo", "kept": 19}]


def test_a_file_is_no_results_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file: a file, and no results folder"):
        call("merge", tmp_path / "file", "--results", tmp_path / "whole")

"""``ogan-bench compact`` says how many files there are before and after."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from ogan_bench.analysis.loading import load_results
from ogan_bench.cli import app
from ogan_bench.runner.stop_request import EXIT_AGAIN
from ogan_bench.store.packed import FILES
from tests.unit.analysis.stored_study import build
from tests.unit.cli.asking import ask


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A study whose trials are all finished."""
    root = build(tmp_path / "results")
    shutil.rmtree(root / "demo" / "mse" / "seed-3")  # which failed
    return root


def test_files_are_counted_before_and_after(root: Path) -> None:
    before = load_results(root, "demo")
    (planned,) = json.loads(ask("compact", "--results", str(root), "--dry-run", "--json"))
    assert not (root / "demo" / FILES).exists()
    (done,) = json.loads(ask("compact", "demo", "--results", str(root), "--json"))
    assert done == planned
    assert done["after"] < 10 < done["before"]
    assert ask("compact", "--results", str(root)).split()[-2:] == ["compacted", "before"]
    pd.testing.assert_frame_equal(load_results(root, "demo").metrics, before.metrics)
    (undone,) = json.loads(ask("compact", "--results", str(root), "--undo", "--json"))
    assert (undone["before"], undone["after"] > 50) == (done["after"], True)


def test_what_is_not_finished_is_named_with_an_exit_code(root: Path) -> None:
    (root / "demo" / "none" / "seed-0" / "result.json").unlink()
    done = CliRunner().invoke(app, ["compact", "--results", str(root)])
    assert done.exit_code == EXIT_AGAIN
    assert "none/seed-0 is interrupted" in done.stdout

"""``ogan-bench interrupt``: which trials are asked to stop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.errors import UserError
from ogan_bench.store.trial_folder import TrialFolder
from tests.unit.cli.asking import ask


def test_running_trials_of_the_named_arms_and_seeds_are_asked(root: Path) -> None:
    asked = ("interrupt", "demo", "--results", str(root))
    none, pearson = (TrialFolder(root / "demo" / arm / "seed-1") for arm in ("none", "pearson"))
    done = CliRunner().invoke(app, asked)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "None is running\n")
    with none.claim(), pearson.claim():
        assert json.loads(ask(*asked, "--arms", "pearson", "--json")) == {
            "asked": ["demo/pearson/seed-1"]
        }
        assert pearson.is_asked_to_stop
        assert not none.is_asked_to_stop
        assert json.loads(ask(*asked, "--seeds", "0", "--json")) == {"asked": []}
        assert ask(*asked).splitlines() == ["demo/none/seed-1", "demo/pearson/seed-1"]
    with pytest.raises(UserError, match="no 'pearsn'"):
        ask(*asked, "--arms", "pearsn")
    with pytest.raises(UserError, match="no such study"):
        ask("interrupt", "dem", "--results", str(root))

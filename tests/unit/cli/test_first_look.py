"""``ogan-bench try``: one trial, its report and its pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app, first_look
from ogan_bench.store.trial_store import TrialStore

SMALL = ("training.steps=2", "training.batch_size=8", "model.width=4", "evaluation.samples=64")


def test_it_trains_once_and_says_where_the_pictures_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = (*SMALL, "evaluation.probe_images=64", *first_look.SETTINGS[2:])
    monkeypatch.setattr(first_look, "SETTINGS", small)
    arguments = ["try", "--results", str(tmp_path), "--device", "cpu"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    pictures = [Path(line) for line in done.output.splitlines() if line.endswith(".png")]
    assert [path.stem for path in pictures] == ["samples", "reconstructions", "interpolations"]
    assert all(path.is_file() for path in pictures)
    record = TrialStore(tmp_path).read_study("first_look")
    assert record["command"] == "ogan-bench try"

    def no_training(*_: object, **__: object) -> int:
        raise AssertionError("trained again")

    monkeypatch.setattr("ogan_bench.runner.study.execute", no_training)
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 0, again.output
    assert "first_look/report.html" in again.output

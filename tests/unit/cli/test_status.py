"""How far the trials of a study are, and how it stands."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.analysis.loading import load_results
from ogan_bench.cli import app
from ogan_bench.cli.output import bytes_text
from ogan_bench.errors import UserError
from tests.unit.cli.asking import ask

ROOT = Path(__file__).parents[3]
STUDY = str(ROOT / "studies" / "mse_vs_pearson.yaml")


def test_status_says_how_the_study_stands(tmp_path: Path) -> None:
    arguments = ("status", STUDY, "--scale", "smoke", "--results", str(tmp_path))
    stored = json.loads(ask(*arguments, "--json"))
    assert stored["standing"] == {
        "text": "preliminary; not registered", "registered": None, "deviations": [],
        "complete": False,
    }  # fmt: skip
    assert {row["state"] for row in stored["trials"]} == {"missing"}
    assert (stored["over"], stored["device_seconds"], stored["disk_bytes"]) == (0, 0, 0)
    assert stored["device_seconds_left"] is stored["seconds_left"] is None
    first = ask(*arguments).split("\n")[0]
    assert first == "mse_vs_pearson-smoke: preliminary; not registered"


def test_status_takes_the_name_of_a_stored_study(tmp_path: Path) -> None:
    """With the trials that it was stored with, not those of the study file."""
    results = ("--results", str(tmp_path))
    ask("register", STUDY, *results, "--seeds", "0-7", "--set", "training.steps=9")
    found = json.loads(ask("status", "mse_vs_pearson", *results, "--json"))["trials"]
    assert len(found) == 5 * (8 + 10)  # those of the file as well
    assert {row["steps"] for row in found} == {9}
    some = ("--arms", "pearson", "--seeds", "1-2", "--json")
    found = json.loads(ask("status", "mse_vs_pearson", *results, *some))["trials"]
    assert [row["trial"] for row in found] == [f"mse_vs_pearson/pearson/seed-{i}" for i in (1, 2)]
    of_file = json.loads(ask("status", STUDY, *results, "--json"))["trials"]
    assert {row["steps"] for row in of_file} == {1500}
    ask("register", STUDY, *results, "--scale", "smoke")
    assert ask("status", "mse_vs_pearson-smoke", *results).startswith("mse_vs_pearson-smoke: ")
    with pytest.raises(UserError, match=r"--arms: no 'pearsn'\. Did you mean 'pearson'"):
        ask("status", "mse_vs_pearson", *results, "--arms", "pearsn")


def test_status_judges_outcomes_as_the_report_does() -> None:
    """Published trials whose images had collapsed when their training ended without an error."""
    reference = str(ROOT / "results" / "reference")
    trials = json.loads(ask("status", STUDY, "--results", reference, "--json"))["trials"]
    outcomes = {row["trial"].split("/")[1]: row["outcome"] for row in trials}
    assert outcomes == {
        "none": "ok", "pearson": "ok", "mse_mean": "ok",
        "mse": "collapsed", "pearson_strong": "collapsed",
    }  # fmt: skip


def test_a_study_that_is_no_file_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\n")
    with pytest.raises(
        UserError, match=r": a folder; name one of the study files in it: mine\.yaml"
    ):
        ask("plan", str(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty: a folder, without a study file in it"):
        ask("status", str(tmp_path / "empty"))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(UserError, match=r"picture\.png: not a study file: not text in UTF-8"):
        ask("tune", str(tmp_path / "picture.png"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe: not a regular file"):
        ask("plan", str(tmp_path / "pipe"))


def test_status_of_a_folder_without_results_says_so(tmp_path: Path) -> None:
    arguments = ["status", STUDY, "--scale", "smoke", "--results", str(tmp_path / "nowhere")]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    assert "nowhere: no study is stored here yet" in done.stderr


def test_status_adds_up_time_and_disk() -> None:
    """Of published trials: their training and evaluation, and the files of the study."""
    folder = ROOT / "results" / "reference"
    stored = json.loads(ask("status", STUDY, "--results", str(folder), "--json"))
    assert stored["device_seconds"] == pytest.approx(
        sum(row["seconds"] for row in stored["trials"])
    )
    frame = load_results(folder, "mse_vs_pearson").trials
    spent = frame["seconds"].sum() + frame["evaluation_seconds"].sum()
    assert stored["device_seconds"] == pytest.approx(spent)
    files = [
        path.stat().st_size for path in (folder / "mse_vs_pearson").rglob("*") if path.is_file()
    ]
    assert stored["disk_bytes"] == sum(files)
    last = ask("status", STUDY, "--results", str(folder)).rstrip().split("\n")[-1]
    assert last.startswith("50 of 50 trials are over: ")
    assert last.endswith(f"; {bytes_text(sum(files))} on disk")

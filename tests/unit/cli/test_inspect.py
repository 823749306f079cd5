"""Commands that only read: plan, status and schema."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.errors import UserError
from ogan_bench.study.shipped import shipped_studies
from tests.unit.cli.asking import ask
from tests.unit.study.written_plugin import PLUGIN, PLUGIN_STUDY

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
    first = ask(*arguments).split("\n")[0]
    assert first == "mse_vs_pearson-smoke: preliminary; not registered"


def test_status_takes_the_name_of_a_stored_study(tmp_path: Path) -> None:
    """With the trials that it was stored with, not those of the study file."""
    results = ("--results", str(tmp_path))
    ask("register", STUDY, *results, "--seeds", "0-7", "--set", "training.steps=9")
    found = json.loads(ask("status", "mse_vs_pearson", *results, "--json"))["trials"]
    assert len(found) == 40
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


def test_plan_counts_and_measures() -> None:
    facts = json.loads(ask("plan", STUDY, "--no-measure", "--json"))
    assert facts["trials"] == 25
    assert facts["training_seconds"] is None
    facts = json.loads(
        ask("plan", STUDY, "--scale", "smoke", "--arms", "pearson", "--device", "cpu", "--json")
    )
    assert (facts["trials"], facts["steps"]) == (2, 80)
    assert facts["training_seconds"] > 0
    assert "pearson" in ask("plan", STUDY, "--no-measure")


@pytest.mark.usefixtures("_forget_plugins")
def test_plan_shows_whose_code_runs_where(tmp_path: Path) -> None:
    (tmp_path / "my_terms.py").write_text(PLUGIN, encoding="utf-8")
    study = tmp_path / "s.yaml"
    study.write_text(PLUGIN_STUDY, encoding="utf-8")
    (found,) = json.loads(ask("plan", str(study), "--no-measure", "--json"))["plugins"]
    assert found["file"] == "my_terms.py"
    assert found["sha256"] == hashlib.sha256(PLUGIN.encode()).hexdigest()[:16]
    shown = " ".join(ask("plan", str(study), "--no-measure").split())
    code = f"my_terms.py (SHA-256 {found['sha256']})"
    assert f"Runs the code of {code} in pearson, huber, all" in shown


def test_plan_says_where_seeds_are_too_few_for_ranks() -> None:
    """By the seeds that would be run, not those of the file."""
    few = ask("plan", STUDY, "--no-measure", "--seeds", "0,1")
    assert "take 8 seeds to decide one of 6 hypotheses first, not 2." in few
    assert "seeds to decide" not in ask("plan", STUDY, "--no-measure", "--seeds", "0,1,2,3,4,5,6,7")


def test_committed_schema_is_up_to_date() -> None:
    committed = (ROOT / "studies" / "study.schema.json").read_text(encoding="utf-8")
    is_current = ask("schema") == committed  # a difference of 8,000 lines helps nobody
    assert is_current, "rewrite it: ogan-bench schema > studies/study.schema.json"


def test_shipped_studies_are_found_by_name() -> None:
    assert "mse_vs_pearson" in shipped_studies()
    facts = json.loads(ask("plan", "mse_vs_pearson", "--no-measure", "--json"))
    assert facts["study"] == "mse_vs_pearson"


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


def test_a_plan_as_tasks_is_a_command_for_every_trial() -> None:
    commands = ask(
        *("plan", "mse_vs_pearson", "--scale", "smoke", "--seeds", "3,5", "--arms", "none,pearson"),
        *("--set", "training.steps=9", "--results", "my results", "--format", "tasks"),
    ).splitlines()
    whole = (
        "ogan-bench run mse_vs_pearson --results 'my results' --scale smoke --arms none,pearson "
        "--seeds 3,5 --set training.steps=9 --only "
    )
    trials = ("none/seed-3", "pearson/seed-3", "none/seed-5", "pearson/seed-5")
    assert commands == [whole + trial for trial in trials]

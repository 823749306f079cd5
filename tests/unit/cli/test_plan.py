"""What a run would do, and what it takes."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import Trial
from tests.unit.cli.asking import ask
from tests.unit.study.written_plugin import PLUGIN, PLUGIN_STUDY

ROOT = Path(__file__).parents[3]
STUDY = str(ROOT / "studies" / "mse_vs_pearson.yaml")


def test_plan_counts_and_measures() -> None:
    facts = json.loads(ask("plan", STUDY, "--no-measure", "--json"))
    assert facts["trials"] == 50
    assert facts["training_seconds"] is facts["device_seconds"] is facts["disk_bytes"] is None
    facts = json.loads(
        ask("plan", STUDY, "--scale", "smoke", "--arms", "pearson", "--device", "cpu", "--json")
    )
    assert (facts["trials"], facts["steps"]) == (2, 80)
    assert facts["training_seconds_left"] == facts["training_seconds"] > 0
    assert facts["device_seconds"] == facts["training_seconds"] * facts["slots"]
    assert facts["disk_bytes"] > 0
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


def test_shipped_studies_are_found_by_name() -> None:
    assert "mse_vs_pearson" in shipped_studies()
    facts = json.loads(ask("plan", "mse_vs_pearson", "--no-measure", "--json"))
    assert facts["study"] == "mse_vs_pearson"


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


def test_plan_says_what_a_results_folder_lacks(tmp_path: Path) -> None:
    """Published trials, without and with one more seed than is stored, which a pack refuses."""
    published = ROOT / "results" / "reference" / "learned_modes"
    shutil.copytree(published, tmp_path / "learned_modes")
    asked = ("plan", "learned_modes", "--no-measure", "--results", str(tmp_path))
    stored = json.loads(ask(*asked, "--json"))
    assert (stored["trials"], stored["trials_left"]) == (20, 0)
    assert f"Finished in {tmp_path}: 20; left: 0\n" in ask(*asked)
    done = CliRunner().invoke(app, [*asked, "--seeds", "110,77"], catch_exceptions=False)
    assert done.exit_code == 0
    assert f"A run into {tmp_path} would be refused" in done.stderr


def test_plan_counts_what_is_left_of_each_arm(tmp_path: Path) -> None:
    chosen = Trial("mse_vs_pearson", "pearson", 120, load_study(Path(STUDY)).arms["pearson"])
    same = {"config_hash": chosen.config_hash, "config": chosen.config}
    folder = TrialStore(tmp_path).trial(chosen)
    folder.write("run.json", {**same, "provenance": {}})
    folder.write("result.json", {**same, "outcome": "diverged", "metrics": []})
    stored = json.loads(ask("plan", STUDY, "--no-measure", "--results", str(tmp_path), "--json"))
    assert (stored["trials"], stored["trials_left"]) == (50, 49)
    assert {row["arm"]: row["left"] for row in stored["arms"]}["pearson"] == 9
    shown = ask("plan", STUDY, "--no-measure", "--results", str(tmp_path))
    assert f"Finished in {tmp_path}: 1; left: 49" in shown

"""How to run a stored study again, and what to expect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.rerun import SPEED, rerun, seed_ranges
from ogan_bench.store.provenance import PACKAGES
from tests.unit.analysis.made_up_values import results
from tests.unit.analysis.study_with_pictures import ERRORS, load, trial, write

REFERENCE = Path(__file__).parents[3] / "results" / "reference"


def test_every_arm_has_its_command(tmp_path: Path) -> None:
    assert rerun(load(write(tmp_path))).arms == [
        {"arm": arm,
         "command": f"ogan-bench run studies/demo.yaml --arms {arm} --seeds 0-2"}
        for arm in ERRORS
    ]  # fmt: skip
    assert seed_ranges([7, 0, 1, 2, 9]) == "0-2,7,9"


def test_the_code_its_environment_and_the_comparison_are_commands(tmp_path: Path) -> None:
    write(tmp_path)
    facts = {"git_commit": "c0ffee", "git_dirty": False, "torch": "2.12.0+cpu", "python": "3.12.1",
             "torchvision": None}  # fmt: skip
    for arm in ERRORS:
        for seed in range(3):
            folder = trial(tmp_path, arm, seed)
            folder.write("run.json", {**(folder.read("run.json") or {}), "provenance": facts})
    found = rerun(load(tmp_path))
    assert found.lines == [
        "git checkout c0ffee",
        "pip install -e . torch==2.12.0",  # not +cpu, which registries lack
        "ogan-bench run studies/demo.yaml",
        "ogan-bench report demo --against FOLDER_OF_THESE_RESULTS",
    ]
    assert found.environment == "Python 3.12.1"
    folder = trial(tmp_path, "none", 0)
    other = {**facts, "git_commit": "beef", "git_dirty": True}
    folder.write("run.json", {**(folder.read("run.json") or {}), "provenance": other})
    mixed = rerun(load(tmp_path))
    assert mixed.lines == found.lines
    assert "1 of 6 trials with changes not committed" in mixed.environment
    assert "5 of 6 trials ran at this commit" in mixed.environment


def test_where_nothing_is_stored_only_the_study_s_commands_remain() -> None:
    found = results({"a": [1.0, 3.0], "b": [2.0]}, [])
    found.record["command"] = "ogan-bench run x.yaml"
    again = rerun(found)
    assert again.environment == ""
    assert again.lines[0] == "ogan-bench run x.yaml"
    assert [row["cells"] for row in again.expected] == [["2 ± 18"], ["2"]]  # 12.7 sqrt(2)


def test_speeds_say_that_they_depend_on_the_machine() -> None:
    found = results({"a": [1.0, 3.0]}, [], metric="images_per_second")
    found.record["command"] = "ogan-bench run x.yaml"
    assert rerun(found).rule.endswith(SPEED)


@pytest.mark.parametrize("study", ["mse_vs_pearson", "modern_hosts"])
def test_published_means_are_expected_with_the_spread_of_their_seeds(study: str) -> None:
    stored = load_results(REFERENCE, study)
    found = rerun(stored)
    assert found.metrics
    assert found.lines[0].startswith("git checkout ")
    assert all(f"{name}==" in found.lines[1] for name in PACKAGES)
    for row in found.expected:
        for metric, cell in zip(found.metrics, row["cells"], strict=True):
            values = stored.values(row["arm"], metric)
            mean, half = (float(part.replace("−", "-")) for part in cell.split(" ± "))
            assert mean == pytest.approx(np.mean(values), rel=0.05)
            quantile = {5: 2.776, 10: 2.262}[len(values)]
            spread = quantile * np.std(values, ddof=1) * (2 / len(values)) ** 0.5
            assert half == pytest.approx(spread, rel=0.06)

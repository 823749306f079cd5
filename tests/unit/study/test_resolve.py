"""Settings of every arm: merging, overrides and scales."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.study.load import load_study
from ogan_bench.study.parts import Component
from ogan_bench.study.settings import StudySettings
from tests.unit.study.written_study import STUDY, problems


def consistency(study: StudySettings, arm: str) -> Component:
    found: Component = study.arms[arm].objective.parameters()["consistency"]
    return found


def weight_of(study: StudySettings, arm: str) -> float:
    schedule = study.arms[arm].objective.parameters()["consistency_weight"]
    assert schedule.name == "constant"
    return float(schedule.parameters()["weight"])


def test_arms_are_diffs_of_the_base(study_file: Path) -> None:
    study = load_study(study_file)
    assert list(study.arms) == ["none", "pearson", "adam"]
    assert consistency(study, "none").name == "none"
    assert weight_of(study, "pearson") == 0.5
    assert study.arms["pearson"].training.optimizer.parameters() == {
        "lr": 1e-4,
        "alpha": 0.9,
        "eps": 1e-7,
    }


def test_a_new_name_replaces_the_old_part_entirely(study_file: Path) -> None:
    """RMSprop's alpha and learning rate mean nothing to Adam."""
    optimizer = load_study(study_file).arms["adam"].training.optimizer
    assert optimizer.parameters() == {"lr": 2e-4, "beta1": 0.5, "beta2": 0.999, "eps": 1e-8}


def test_scale_changes_base_arms_and_seeds(study_file: Path) -> None:
    study = load_study(study_file, scale="big")
    assert study.folder == "tiny-big"
    assert study.seeds == [5]
    assert {arm.training.steps for arm in study.arms.values()} == {20}
    assert weight_of(study, "pearson") == 2
    assert weight_of(study, "none") == 0.5


def test_overrides_win_and_numbers_are_numbers(study_file: Path) -> None:
    study = load_study(
        study_file, scale="big", overrides=["training.steps=7", "training.optimizer.lr=1e-3"]
    )
    assert {arm.training.steps for arm in study.arms.values()} == {7}
    assert study.arms["adam"].training.optimizer.parameters()["lr"] == 1e-3


def test_override_errors_name_the_flag(tmp_path: Path) -> None:
    found = problems(tmp_path, STUDY, "training.stps=3", "nonsense", "training.batch_size=big")
    assert "--set training.stps: unknown key. Did you mean 'steps'?" in found
    assert "--set nonsense: write key.path=value, for example training.steps=500" in found
    assert any(line.startswith("--set training.batch_size: ") for line in found)


def test_a_name_that_yaml_reads_as_something_else_is_a_problem_and_no_crash(
    tmp_path: Path,
) -> None:
    """``null:`` and ``1:`` are no strings."""
    text = STUDY.partition("scales:")[0] + (
        "scales:\n  null: {seeds: [0]}\n  1: {arms: {null: null, 2: {}}}\n"
    )
    found = problems(tmp_path, text)
    assert any("scales.None" in line or "scales.1" in line for line in found), found

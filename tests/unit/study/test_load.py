"""Study files: merging, suggestions, overrides and scales."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.errors import StudyError, UserError
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


def test_metrics_need_their_feature_space(tmp_path: Path) -> None:
    wants_fid = STUDY.replace("metrics: [", "metrics: [fid, ")
    assert problems(tmp_path, wants_fid) == [
        "bad.yaml:19:11: metrics.0: fid needs 'inception' in evaluation.extractors of "
        "none, pearson, adam"
    ]
    (tmp_path / "good.yaml").write_text(wants_fid, encoding="utf-8")
    load_study(tmp_path / "good.yaml", overrides=["evaluation.extractors=[classifier, inception]"])


def test_missing_file_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="list studies"):
        load_study(tmp_path / "nothing.yaml")


def test_override_errors_name_the_flag(tmp_path: Path) -> None:
    found = problems(tmp_path, STUDY, "training.stps=3", "nonsense", "training.batch_size=big")
    assert "--set training.stps: unknown key. Did you mean 'steps'?" in found
    assert "--set nonsense: write key.path=value, for example training.steps=500" in found
    assert any(line.startswith("--set training.batch_size: ") for line in found)


def test_short_forms_of_objective_and_weight(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        STUDY.replace(
            "  adam:",
            "  composed: {objective: {name: composed}}\n  vae: {objective: vae}\n"
            "  warm: {objective: {consistency_weight: {name: warm_up, weight: 2}}}\n  adam:",
        ),
        encoding="utf-8",
    )
    study = load_study(path)
    assert study.arms["composed"] == study.arms["pearson"]
    assert study.arms["vae"].objective.name == "vae"
    weight = study.arms["warm"].objective.parameters()["consistency_weight"]
    assert (weight.name, weight.parameters()) == ("warm_up", {"weight": 2.0, "until": 0.5})


def test_a_scale_replaces_metrics(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    text = STUDY.replace(
        "metrics: [reconstruction_mse]", "metrics: [reconstruction_mse, fd_classifier]"
    )
    hypothesis = (
        "  - {id: q, claim: c, metric: fd_classifier, arm: pearson, control: none, "
        "test: superiority}\nscales:"
    )
    scale = (
        "\n  paper:\n    base: {evaluation: {extractors: [inception]}}\n"
        "    metrics: {fd_classifier: fid, reconstruction_mse: null}\n"
    )
    path.write_text(text.replace("scales:", hypothesis).rstrip() + scale, encoding="utf-8")
    study = load_study(path, scale="paper")
    assert study.metrics == ["fid"]
    assert [(h.id, h.metric) for h in study.hypotheses] == [("q", "fid")]
    path.write_text(path.read_text().replace("fd_classifier: fid", "fd_clasifier: fid"))
    with pytest.raises(StudyError, match="no metric 'fd_clasifier' among those of the study"):
        load_study(path, scale="paper")


def test_a_scale_drops_arms_and_the_hypotheses_that_name_them(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    hypothesis = (
        "  - {id: q, claim: c, metric: reconstruction_mse, arm: adam, control: none, "
        "test: superiority}\nscales:"
    )
    text = STUDY.replace("scales:", hypothesis).rstrip() + "\n  few:\n    arms: {pearson: null}\n"
    path.write_text(text, encoding="utf-8")
    study = load_study(path, scale="few")
    assert list(study.arms) == ["none", "adam"]
    assert [h.id for h in study.hypotheses] == ["q"]
    assert list(load_study(path).arms) == ["none", "pearson", "adam"]
    assert [h.id for h in load_study(path).hypotheses] == ["ok", "q"]

    path.write_text(text.replace("pearson: null", "none: null, pearson: null, adam: null"))
    with pytest.raises(StudyError, match=r"s.yaml:29:5: scales.few.arms: drops every arm"):
        load_study(path, scale="few")

"""Study files: merging, validation with places and suggestions, overrides, the JSON schema."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from ogan_bench.errors import StudyError, UserError
from ogan_bench.study.arguments import parse_arms, parse_component, parse_seeds
from ogan_bench.study.diffs import merge
from ogan_bench.study.hypotheses import Comparison
from ogan_bench.study.load import load_study
from ogan_bench.study.parts import Component
from ogan_bench.study.schema import json_schema
from ogan_bench.study.settings import Settings, Study
from ogan_bench.study.trial import Trial, trials

STUDY = """\
name: tiny
question: Does it work?
base:
  data: {name: digits, resolution: 16}
  model: {name: dcgan, z_dim: 8, width: 4}
  objective:
    adversarial: linear
    readout: avg
    consistency: pearson
    penalty: quadratic_potential
  training:
    steps: 10
    optimizer: {name: rmsprop, lr: 1e-4, alpha: 0.9}
arms:
  none: {objective: {consistency: none}}
  pearson:
  adam: {training: {optimizer: {name: adam}}}
seeds: [0, 1]
metrics: [reconstruction_mse]
hypotheses:
  - {id: ok, claim: c, metric: reconstruction_mse, arm: pearson, control: none, test: superiority}
scales:
  big:
    base: {training: {steps: 20}}
    arms: {pearson: {objective: {consistency_weight: 2}}}
    seeds: [5]
"""


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def consistency(study: Study, arm: str) -> Component:
    found: Component = study.arms[arm].objective.parameters()["consistency"]
    return found


def weight_of(study: Study, arm: str) -> float:
    schedule = study.arms[arm].objective.parameters()["consistency_weight"]
    assert schedule.name == "constant"
    return float(schedule.parameters()["weight"])


def problems(tmp_path: Path, text: str, *overrides: str) -> list[str]:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path, overrides=overrides)
    return [line.replace(str(path), "bad.yaml") for line in caught.value.problems]


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


def test_a_new_name_replaces_the_old_part_whole(study_file: Path) -> None:
    """RMSprop's alpha and learning rate mean nothing to Adam."""
    optimizer = load_study(study_file).arms["adam"].training.optimizer
    assert optimizer.parameters() == {"lr": 2e-4, "beta1": 0.5, "beta2": 0.999, "eps": 1e-8}


def test_merge_takes_a_bare_name_for_a_part() -> None:
    assert merge({"a": "x"}, {"a": {"weight": 2}}) == {"a": {"name": "x", "weight": 2}}
    assert merge({"a": {"name": "x", "weight": 2}}, {"a": "y"}) == {"a": "y"}
    assert merge({"a": {"name": "x", "w": 2}}, {"a": {"name": "x", "v": 1}}) == {
        "a": {"name": "x", "w": 2, "v": 1}
    }


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


def test_all_errors_come_at_once_each_with_its_place(tmp_path: Path) -> None:
    bad = (
        STUDY.replace("width: 4", "widht: 4")
        .replace("adversarial: linear", "adversarial: linar")
        .replace("lr: 1e-4", "lr: fast")
        .replace("metrics: [reconstruction_mse]", "metrics: [reconstruction_mes]")
        .replace("none: {objective: {consistency: none}}", "none: {objective: {consistncy: none}}")
        .replace("base: {training: {steps: 20}}", "base: {training: {steps: -1}}")
    )
    found = problems(tmp_path, bad)
    for expected in (
        "bad.yaml:5:34: base.model.widht: unknown key. Did you mean 'width'?",
        "bad.yaml:7:5: base.objective.adversarial: no 'linar' here. Did you mean 'linear'?",
        "bad.yaml:15:22: arms.none.objective.consistncy: unknown key. Did you mean 'consistency'?",
        "bad.yaml:24:23: scales.big.base.training.steps: Input should be greater than 0 (got -1)",
    ):
        assert expected in found
    assert any(
        line.startswith("bad.yaml:13:32: base.training.optimizer.lr:") and "'fast'" in line
        for line in found
    )
    assert any("bad.yaml:19:1: metrics: no metric 'reconstruction_mes'" in f for f in found)
    assert len(found) == 6


def test_hypotheses_must_name_arms_and_margins(tmp_path: Path) -> None:
    found = problems(tmp_path, STUDY.replace("arm: pearson", "arm: pearsn"))
    assert found == ["bad.yaml:21:52: hypotheses.0.arm: no arm 'pearsn'. Did you mean 'pearson'?"]
    found = problems(tmp_path, STUDY.replace("superiority", "non_inferiority"))
    assert found == ["bad.yaml:21:5: hypotheses.0: test 'non_inferiority' needs a margin"]


@pytest.mark.parametrize(
    ("margin", "value", "relative"), [("10%", 0.1, True), ("0.5", 0.5, False), ("3 %", 0.03, True)]
)
def test_margins(study_file: Path, margin: str, value: float, relative: bool) -> None:
    text = STUDY.replace("test: superiority", f"test: equivalence, margin: {margin}")
    study_file.write_text(text, encoding="utf-8")
    hypothesis = load_study(study_file).hypotheses[0]
    assert isinstance(hypothesis, Comparison)
    found = hypothesis.margin
    assert found is not None
    assert found.value == pytest.approx(value)
    assert found.relative is relative


def test_metrics_need_their_feature_space(tmp_path: Path) -> None:
    wants_fid = STUDY.replace("metrics: [", "metrics: [fid, ")
    assert problems(tmp_path, wants_fid) == [
        "bad.yaml:19:11: metrics.0: fid needs 'inception' among evaluation.extractors of "
        "none, pearson, adam"
    ]
    (tmp_path / "good.yaml").write_text(wants_fid, encoding="utf-8")
    load_study(tmp_path / "good.yaml", overrides=["evaluation.extractors=[classifier, inception]"])


def test_yaml_errors_have_a_place(tmp_path: Path) -> None:
    assert problems(tmp_path, "name: [1\nbase: 2\n")[0].startswith("bad.yaml:2:")
    assert "duplicate key" in problems(tmp_path, "name: a\nname: b\n")[0]
    assert problems(tmp_path, "- a\n") == [
        "bad.yaml:1:1: a study file is a mapping with name, base, arms, ..."
    ]


def test_missing_file_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="list studies"):
        load_study(tmp_path / "nothing.yaml")


def test_override_errors_name_the_flag(tmp_path: Path) -> None:
    found = problems(tmp_path, STUDY, "training.stps=3", "nonsense", "training.batch_size=big")
    assert "--set training.stps: unknown key. Did you mean 'steps'?" in found
    assert "--set nonsense: write key.path=value, for example training.steps=500" in found
    assert any(line.startswith("--set training.batch_size: ") for line in found)


def test_unknown_scale_and_arm(study_file: Path) -> None:
    with pytest.raises(StudyError, match=r"no scale 'bigg'. Did you mean 'big'\?"):
        load_study(study_file, scale="bigg")
    study = load_study(study_file)
    assert parse_arms("adam, none", study) == ["none", "adam"]
    with pytest.raises(StudyError, match=r"--arms: no arm 'adm'. Did you mean 'adam'\?"):
        parse_arms("adm", study)


def test_seeds_are_lists_and_ranges() -> None:
    assert parse_seeds("0-2,7, 1") == [0, 1, 2, 7]
    for bad in ("", "a", "3-1", "-1", "1,,2"):
        with pytest.raises(StudyError, match="--seeds"):
            parse_seeds(bad)


def test_trials_go_seed_by_seed(study_file: Path) -> None:
    study = load_study(study_file)
    assert [trial.id for trial in trials(study, arms=["none", "adam"])] == [
        "tiny/none/seed-0",
        "tiny/adam/seed-0",
        "tiny/none/seed-1",
        "tiny/adam/seed-1",
    ]
    assert [trial.seed for trial in trials(study, arms=["none"], seeds=[9])] == [9]


def test_identity_covers_defaults_and_seed(study_file: Path) -> None:
    study = load_study(study_file)
    one, other = (Trial("tiny", "none", seed, study.arms["none"]) for seed in (0, 1))
    assert one.config["objective"]["penalty"]["weight"] == 0.25
    assert one.config_hash != other.config_hash
    changed = load_study(study_file, overrides=["training.steps=11"]).arms["none"]
    assert Trial("tiny", "none", 0, changed).config_hash != one.config_hash
    assert Trial("elsewhere", "x", 0, study.arms["none"]).config_hash == one.config_hash


def test_identity_is_what_differs_from_the_defaults(study_file: Path) -> None:
    """So that a setting that is added with today's behaviour as default leaves trials valid."""
    before = load_study(study_file).arms["none"].identity()
    assert "evaluation" not in before
    assert before["objective"]["penalty"] == {"name": "quadratic_potential"}
    same = load_study(study_file, overrides=["evaluation.samples=2000", "training.batch_size=64"])
    assert same.arms["none"].identity() == before
    other = load_study(study_file, overrides=["evaluation.samples=2001"]).arms["none"].identity()
    assert other["evaluation"] == {"samples": 2001}
    for arm, settings in load_study(study_file).arms.items():
        assert Settings.model_validate(settings.identity()) == settings, arm
        assert Settings.model_validate(settings.model_dump(mode="json")) == settings, arm


def test_a_trial_travels_to_another_process(study_file: Path) -> None:
    trial = trials(load_study(study_file))[0]
    assert pickle.loads(pickle.dumps(trial)) == trial


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


def test_mistakes_within_parts_of_parts_have_their_place(tmp_path: Path) -> None:
    text = STUDY.replace(
        "  adam:",
        "  a: {objective: {consistency_weight: {name: warm_up, weight: 2, untl: 1}}}\n"
        "  b: {objective: {name: separate, consistency: perason}}\n"
        "  c: {objective: {consistency_weight: -1}}\n  adam:",
    )
    assert problems(tmp_path, text) == [
        "bad.yaml:17:66: arms.a.objective.consistency_weight.untl: unknown key. "
        "Did you mean 'until'?",
        "bad.yaml:18:35: arms.b.objective.consistency: no 'perason' here. Did you mean 'pearson'?",
        "bad.yaml:19:19: arms.c.objective.consistency_weight.weight: Input should be greater than "
        "or equal to 0 (got -1)",
    ]


def test_a_scale_puts_other_metrics_in_place(tmp_path: Path) -> None:
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
    with pytest.raises(StudyError, match=r"s.yaml:29:5: scales.few.arms: leaves no arm"):
        load_study(path, scale="few")


def test_parts_from_the_command_line() -> None:
    assert parse_component("models", "dcgan", ["width=8"]).parameters()["width"] == 8
    with pytest.raises(StudyError, match=r"--set widht: unknown key. Did you mean 'width'\?"):
        parse_component("models", "dcgan", ["widht=8"])
    with pytest.raises(StudyError, match="Did you mean 'dcgan'"):
        parse_component("models", "dgan", [])


def test_schema_knows_every_part_and_its_parameters() -> None:
    schema = json.dumps(json_schema())
    for word in ("pearson", "mse_mean", "quadratic_potential", "alternating", "encoder_steps"):
        assert f'"{word}"' in schema

"""Trials of a study: order, identity, pickling."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.study.first_defaults import FIRST_DEFAULTS, with_first_defaults
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial, trials
from tests.unit.study.written_study import STUDY


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


def test_a_title_is_no_part_of_the_identity(tmp_path: Path) -> None:
    path = tmp_path / "titled.yaml"
    path.write_text(STUDY.replace("none: {", "none: {title: no term, "), encoding="utf-8")
    study = load_study(path)
    path.write_text(STUDY, encoding="utf-8")
    assert trials(study) == trials(load_study(path))


def test_identity_is_what_differs_from_the_defaults(study_file: Path) -> None:
    """So trials stay valid when a new setting defaults to today's behaviour."""
    before = load_study(study_file).arms["none"].identity()
    first = {was.key for was in FIRST_DEFAULTS if was.section == "evaluation"}
    assert set(before["evaluation"]) == first  # their first defaults were other ones
    assert before["objective"]["penalty"] == {"name": "quadratic_potential"}
    same = load_study(study_file, overrides=["evaluation.seed=0", "training.batch_size=64"])
    assert same.arms["none"].identity() == before
    other = load_study(study_file, overrides=["evaluation.seed=1"]).arms["none"].identity()
    assert other["evaluation"] == {**before["evaluation"], "seed": 1}
    for arm, settings in load_study(study_file).arms.items():
        restored = Settings.model_validate(with_first_defaults(settings.identity()))
        assert restored == settings, arm
        assert Settings.model_validate(settings.model_dump(mode="json")) == settings, arm


def test_a_trial_can_be_pickled(study_file: Path) -> None:
    trial = trials(load_study(study_file))[0]
    assert pickle.loads(pickle.dumps(trial)) == trial


def test_trials_of_one_arm_resolve_their_settings_once(
    study_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = load_study(study_file)
    asked: list[Settings] = []
    identity = Settings.identity

    def counted(settings: Settings) -> dict[str, Any]:
        asked.append(settings)
        return identity(settings)

    monkeypatch.setattr(Settings, "identity", counted)
    hashes = [trial.config_hash for trial in trials(study, ["none", "adam"], [0, 1, 2])]
    assert len(asked) == 2
    assert len(set(hashes)) == 6

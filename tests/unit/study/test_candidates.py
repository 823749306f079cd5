"""The tuning of a study: its candidates, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.errors import StudyError
from ogan_bench.study.candidates import candidates, study_of_candidates
from ogan_bench.study.load import load_study

TUNE = """
tune:
  seeds: [900, 901]
  searches:
    - arms: [none, pearson]
      candidates:
        objective.consistency_weight: [0.5, 2]
        training.batch_size: [16, 32]
      metric: {metric}
      target: {target}
"""


@pytest.fixture
def tuned(study_file: Path) -> Path:
    return with_tuning(study_file, "latent_rho", 0.9)


WRITTEN = {"seeds": "[900, 901]", "arms": "none, pearson", "weights": "[0.5, 2]"}


def with_tuning(path: Path, metric: str, target: float | None, **replace: str) -> Path:
    text = TUNE.replace("{metric}", metric).replace("{target}", str(target or "null"))
    for name, new in replace.items():
        text = text.replace(WRITTEN[name], new)
    path.write_text(path.read_text() + text)
    return path


def test_every_combination_is_tried_in_every_arm(tuned: Path) -> None:
    study = load_study(tuned)
    found = candidates(study)
    assert [(one.arm, *one.values.values()) for one in found] == [
        (arm, weight, batch)
        for arm in ("none", "pearson")
        for weight in (0.5, 2)
        for batch in (16, 32)
    ]
    for one in found:
        changed = one.settings.model_dump()
        assert (
            changed["objective"]["consistency_weight"]["weight"]
            == one.values["objective.consistency_weight"]
        )
        assert changed["training"]["batch_size"] == one.values["training.batch_size"]
        own = study.arms[one.arm].model_dump()
        assert changed["objective"]["consistency"] == own["objective"]["consistency"]


def test_the_study_of_candidates_states_no_hypothesis_and_has_seeds_of_its_own(
    tuned: Path,
) -> None:
    study = load_study(tuned)
    made = study_of_candidates(study, candidates(study))
    assert made.folder == f"{study.name}_tuning"
    assert made.seeds == [900, 901]
    assert made.hypotheses == []
    assert made.tune is None
    assert made.metrics[0] == "latent_rho"
    assert set(made.metrics) == {"latent_rho", *study.metrics}
    assert list(made.arms)[:2] == ["none_0_5_16", "none_0_5_32"]
    assert len(made.arms) == 8
    assert "pearson, consistency_weight = 2, batch_size = 16" in made.arm_titles.values()


def test_equal_settings_are_trained_once(study_file: Path) -> None:
    path = with_tuning(study_file, "latent_rho", 0.9, weights="[0.5, 2, 0.5]")
    study = load_study(path)
    found = candidates(study)
    assert len(found) == 12
    assert len(study_of_candidates(study, found).arms) == 8


def test_names_of_candidates_differ_and_stay_when_more_are_added(study_file: Path) -> None:
    text = study_file.read_text()
    few = candidates(load_study(with_tuning(study_file, "latent_rho", 0.9)))
    study_file.write_text(text)
    path = with_tuning(study_file, "latent_rho", 0.9, weights="[3, 0.5, 2, 5.0e-1]")
    more = candidates(load_study(path))
    assert {(one.arm, one.tried_as) for one in few} <= {(one.arm, one.tried_as) for one in more}
    identities = {one.tried_as: str(one.settings.identity()) for one in more}
    assert len(set(identities.values())) == len(identities)


@pytest.mark.parametrize(
    ("replace", "message"),
    [
        ({"seeds": "[0, 901]"}, "tune.seeds: 0: also seeds of the study; tune on others"),
        ({"arms": "none, pearsn"}, "no arm 'pearsn'. Did you mean 'pearson'?"),
        ({"arms": "none, none"}, "arm 'none' is tuned twice"),
        ({"weights": "[-1]"}, "-1: "),
        ({"weights": "[]"}, "at least 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    study_file: Path, replace: dict[str, str], message: str
) -> None:
    path = with_tuning(study_file, "latent_rho", 0.9, **replace)
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert message in str(caught.value)
    assert f"{path}:" in str(caught.value)


def test_a_metric_without_a_direction_needs_a_target(study_file: Path) -> None:
    with pytest.raises(StudyError, match="has no direction: give a target"):
        load_study(with_tuning(study_file, "code_average", None))


def test_a_study_without_tuning_has_no_candidates(study_file: Path) -> None:
    assert candidates(load_study(study_file)) == []


def test_a_scale_may_drop_an_arm_that_is_tuned(tuned: Path) -> None:
    tuned.write_text(
        tuned.read_text().replace("scales:", "scales:\n  less: {arms: {none: null}}", 1)
    )
    study = load_study(tuned, scale="less")
    assert study.tune is not None
    assert study.tune.searches[0].arms == ["pearson"]

"""Every shipped study is valid at every scale and says what it must."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ogan_bench.study import load_study, shipped_studies, trials

STUDIES = shipped_studies()
SCALES = [
    (path, scale)
    for path in STUDIES.values()
    for scale in (None, *YAML(typ="safe", pure=True).load(path.read_text("utf-8"))["scales"])
]


@pytest.mark.parametrize(
    ("path", "scale"), SCALES, ids=lambda value: str(getattr(value, "stem", value))
)
def test_study_loads_and_plans(path: Path, scale: str | None) -> None:
    study = load_study(path, scale=scale)
    assert study.name == path.stem
    assert study.question
    assert study.source
    assert study.hypotheses
    planned = trials(study)
    assert (
        len({trial.id for trial in planned}) == len(planned) == len(study.arms) * len(study.seeds)
    )
    for hypothesis in study.hypotheses:
        assert hypothesis.metric in study.metrics


@pytest.mark.parametrize("path", STUDIES.values(), ids=STUDIES)
def test_study_has_a_smoke_scale_and_a_header(path: Path) -> None:
    assert len(trials(load_study(path, scale="smoke"))) <= 20
    header = path.read_text("utf-8").split("\nname:")[0]
    assert "$schema=./study.schema.json" in header
    for word in ("Question:", "Source:", "Cost:", "Expected:"):
        assert word in header


def test_strong_pearson_has_the_strength_of_the_squared_norm() -> None:
    """|z - e|² = 2d(1 - ρ) for standardised codes: weight w on it is 2wd on -ρ, at every scale."""
    for scale in (None, "smoke", "fashion"):
        arms = load_study(STUDIES["mse_vs_pearson"], scale=scale).arms
        d = arms["mse"].model.parameters()["z_dim"]
        strength = 2 * arms["mse"].objective.consistency_weight * d
        assert arms["pearson_strong"].objective.consistency_weight == strength

"""Every shipped study is valid at every scale and says what it must."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.data.base import ImageShape
from ogan_bench.report.report import write_report
from ogan_bench.runner.preflight import preflight
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.hypotheses import Comparison
from ogan_bench.study.load import load_study, study_record
from ogan_bench.study.parts import build
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.trial import trials

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
    for settings in study.arms.values():
        resolution = settings.data.parameters().get("resolution")
        if resolution is not None:
            build("models", settings.model, ImageShape(3, resolution, resolution), 10)


@pytest.mark.parametrize("path", STUDIES.values(), ids=STUDIES)
def test_every_trial_runs_at_the_smallest_scale(path: Path, tmp_path: Path) -> None:
    """To a result with a value of every metric that its hypotheses are about."""
    study = load_study(path, scale="smoke")
    wanted = trials(study, seeds=study.seeds[:1])
    preflight(wanted)
    found: dict[str, dict[str, float | None]] = {}
    for trial in wanted:
        report = run_trial(trial, Options(tmp_path), "cpu")
        assert report.status == "finished", f"{trial.id}: {report.message}"
        assert report.outcome != "stopped"
        found[trial.arm] = {"images_per_second": 1.0, **(report.metrics or {})}
    TrialStore(tmp_path).write_study(study.folder, study_record(study, [0], "test"))
    for hypothesis in study.hypotheses:
        for _, arm in hypothesis.named_arms:
            if hypothesis.metric is not None:
                assert found[arm][hypothesis.metric] is not None, (arm, hypothesis.metric)
    write_report(analyse_stored(tmp_path, study.folder))


@pytest.mark.parametrize("path", STUDIES.values(), ids=STUDIES)
def test_study_has_all_scales_and_a_header(path: Path) -> None:
    scales = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))["scales"]
    assert {"smoke", "fashion", "paper"} <= set(scales)
    assert len(load_study(path).seeds) >= 5
    header = path.read_text("utf-8").split("\nname:")[0]
    assert "$schema=./study.schema.json" in header
    for word in ("Question:", "Source:", "Cost:", "Expected:"):
        assert word in header


def test_strong_pearson_has_the_strength_of_the_squared_norm() -> None:
    """|z - e|² = 2d(1 - ρ) for standardised codes: weight w on it is 2wd on -ρ, at every scale."""
    for scale in (None, "smoke", "fashion", "paper", "paper_256"):
        arms = load_study(STUDIES["mse_vs_pearson"], scale=scale).arms
        d = arms["mse"].model.parameters()["z_dim"]
        weights = {
            arm: arms[arm].objective.parameters()["consistency_weight"].weight
            for arm in ("mse", "pearson_strong")
        }
        assert weights["pearson_strong"] == 2 * weights["mse"] * d


@pytest.mark.parametrize("path", STUDIES.values(), ids=STUDIES)
def test_every_margin_has_its_reason(path: Path) -> None:
    for hypothesis in load_study(path).hypotheses:
        if isinstance(hypothesis, Comparison) and hypothesis.margin is not None:
            assert hypothesis.margin_reason, hypothesis.id

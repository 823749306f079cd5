"""A study written for somebody's own images."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.study.load import load_study
from ogan_bench.study.new_study import SIZES, new_study


@pytest.mark.parametrize("resolution", SIZES)
@pytest.mark.parametrize("classes", [False, True])
@pytest.mark.parametrize("scale", [None, "smoke"])
def test_it_is_a_study(resolution: int, classes: bool, scale: str | None, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    data: dict[str, str | int] = {
        "name": "image_folder",
        "path": 'a "b": c\\d',
        "crop": "centre",
        "max_bad": 3,
    }
    path.write_text(new_study("mine", data, resolution, 500, classes=classes), "utf-8")
    study = load_study(path, scale=scale)
    arm = study.arms["pearson"]
    found = arm.data.parameters()
    assert {key: found[key] for key in ("path", "crop", "max_bad", "resolution")} == {
        **{key: value for key, value in data.items() if key != "name"},
        "resolution": resolution,
    }
    assert arm.evaluation.extractors == (["classifier"] if classes else ["efficientnet_lite0"])
    assert study.hypotheses[1].metric == ("fd_classifier" if classes else "fd_efficientnet_lite0")
    if scale is None:
        assert arm.evaluation.samples == 500

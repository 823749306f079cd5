"""Margins of hypotheses."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.study.hypotheses import Comparison
from ogan_bench.study.load import load_study
from tests.unit.study.written_study import STUDY, problems


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

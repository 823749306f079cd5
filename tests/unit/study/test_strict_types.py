"""A value of another type is refused, never turned into one that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.study.load import load_study
from tests.unit.study.written_study import STUDY, problems


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("steps: 10", "steps: true"),
        ("steps: 10", "steps: 10.0"),
        ("steps: 10", 'steps: "10"'),
        ("width: 4", "width: 4.0"),
        ("width: 4", "width: true"),
        ("lr: 1e-4", "lr: true"),
        ("lr: 1e-4", 'lr: "1e-4"'),
        ("consistency_weight: 2", "consistency_weight: true"),
        ("consistency_weight: 2", 'consistency_weight: "2"'),
        ("seeds: [0, 1]", "seeds: [true]"),
        ("seeds: [0, 1]", "seeds: [0.0]"),
        ("name: tiny", "name: 1"),
        ("    steps: 10", "    steps: 10\n    ema_debias: 1"),
    ],
)
def test_in_a_study_file(tmp_path: Path, right: str, wrong: str) -> None:
    text = STUDY.replace(right, wrong, 1)
    before, found, _ = text.partition(wrong)
    assert found
    line = (before + wrong).count("\n") + 1
    assert f"bad.yaml:{line}:" in problems(tmp_path, text)[0]


@pytest.mark.parametrize(
    "override",
    [
        "training.steps=true",
        "training.steps=6.0",
        "training.steps='6'",
        "objective.consistency_weight=true",
        "evaluation.samples=true",
    ],
)
def test_on_the_command_line(tmp_path: Path, override: str) -> None:
    (problem, *_) = problems(tmp_path, STUDY, override)
    assert override.partition("=")[0].rpartition(".")[2] in problem


@pytest.mark.parametrize(
    ("written", "value"), [("1e-4", 1e-4), ("2", 2.0), ("0x2", 2.0), ("1_0", 10.0), (".5", 0.5)]
)
def test_every_way_to_write_a_number_stays_one(tmp_path: Path, written: str, value: float) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(STUDY.replace("lr: 1e-4", f"lr: {written}"), encoding="utf-8")
    assert load_study(path).arms["pearson"].training.optimizer.parameters()["lr"] == value

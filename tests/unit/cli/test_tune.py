"""``ogan-bench tune``: candidates are trained once, and the choice is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.store.trial_store import TrialStore
from tests.unit.cli.asking import ask

STUDY = """
name: points
question: Which weight?
base:
  data: {name: ring}
  model: {name: mlp, z_dim: 4, width: 8}
  objective: {adversarial: linear, readout: avg, consistency: pearson, penalty: quadratic_potential}
  training: {steps: 2, batch_size: 8, optimizer: rmsprop}
  evaluation: {samples: 50}
arms:
  pearson: {objective: {consistency_weight: 1}}
seeds: [0, 1]
metrics: [latent_rho]
tune:
  seeds: [7]
  searches:
    - arms: [pearson]
      candidates: {objective.consistency_weight: [0.5, 1]}
      metric: latent_rho
      target: 0
"""


def test_the_choice_of_a_small_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "points.yaml"
    path.write_text(STUDY)
    results = tmp_path / "results"
    arguments = ("tune", str(path), "--results", str(results), "--workers", "1")
    first = json.loads(ask(*arguments, "--device", "cpu", "--json"))
    assert len(TrialStore(results).folders("points_tuning")) == 2
    command = TrialStore(results).read_study("points_tuning")["command"]
    assert command.startswith("ogan-bench tune ")
    (choice,) = first
    assert choice["arm"] == "pearson"
    assert [one["values"] for one in choice["tried"]] == [
        {"objective.consistency_weight": 0.5},
        {"objective.consistency_weight": 1},
    ]

    def no_training(*_: object, **__: object) -> int:
        raise AssertionError("trained again")

    monkeypatch.setattr("ogan_bench.runner.study.execute", no_training)
    assert json.loads(ask(*arguments, "--json")) == first
    said = ask(*arguments)
    chosen = choice["chosen"]["objective.consistency_weight"]
    assert ("The study has these values." in said) == (chosen == 1)
    assert ("write into arms.pearson: objective.consistency_weight: 0.5" in said) == (chosen == 0.5)


def test_a_study_without_tuning_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "points.yaml"
    path.write_text(STUDY.partition("tune:")[0])
    done = CliRunner().invoke(app, ["tune", str(path), "--results", str(tmp_path)])
    assert "has no `tune`" in str(done.exception)

"""A small study file, and the problems of an invalid one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.errors import StudyError
from ogan_bench.study.load import load_study

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


def problems(tmp_path: Path, text: str, *overrides: str) -> list[str]:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path, overrides=overrides)
    return [line.replace(str(path), "bad.yaml") for line in caught.value.problems]

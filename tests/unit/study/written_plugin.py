"""A plug-in with a part of each kind of loss and a metric, and a study that uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.study.load import load_study

PLUGIN = '''\
"""Parts of my own."""

from pydantic import PositiveFloat

from ogan_bench.objectives.parts.adversarial import Adversarial, triple
from ogan_bench.objectives.parts.consistency import Consistency
from ogan_bench.objectives.parts.readouts import Readout


def huber(*, delta: PositiveFloat = 1.0):
    """Huber loss between z and the code, mean over dimensions."""

    def loss(z, code):
        error = (z - code).abs()
        small = error.clamp_max(delta)
        return (small * (error - small / 2)).mean(dim=1)

    return Consistency(loss)


def maximum():
    """The score is the largest number of the code."""
    return Readout(lambda code: code.amax(dim=1))


def cubic():
    """f(s) = s + s³."""
    return triple(lambda s: s + s**3, lambda s: -s - s**3, lambda s: s)


def small_scores(score_real, *, weight: PositiveFloat = 0.1):
    """Scores of real images are kept small."""
    return weight * score_real.square()


def code_size(codes, *, better=None):
    """Mean square of the codes of generated images."""
    return float(codes.square().mean())


CONSISTENCY = {"huber": huber}
READOUTS = {"maximum": maximum}
ADVERSARIAL = {"cubic": cubic}
PENALTIES = {"small_scores": small_scores}
METRICS = {"code_size": code_size}
'''


PLUGIN_STUDY = """\
name: mine
question: Does my term work?
plugins: [my_terms.py]
base:
  data: {name: digits, resolution: 16}
  model: {name: dcgan, z_dim: 8, width: 4}
  objective:
    {adversarial: linear, readout: avg, consistency: pearson, penalty: quadratic_potential}
  training: {steps: 3, batch_size: 8, optimizer: rmsprop}
  evaluation: {samples: 50, probe_images: 50}
arms:
  pearson: {}
  huber: {objective: {consistency: {name: huber, delta: 0.5}}}
  all: {objective: {adversarial: cubic, readout: maximum, penalty: small_scores}}
seeds: [0]
metrics: [reconstruction_mse, code_size]
"""


def check_refused(study: Path, plugin: str, message: str) -> None:
    """A study whose plug-in has this text is refused, with the file's name and this message."""
    (study.parent / "my_terms.py").write_text(plugin, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load_study(study)
    assert "my_terms.py" in str(caught.value)
    assert message in str(caught.value)

"""The text of a study about somebody's own images."""

from __future__ import annotations

import json
from collections.abc import Mapping

SPACES = {True: "classifier", False: "efficientnet_lite0"}
"""Whether images have labels to the space in which samples are measured: that of a classifier of
their classes, or one whose weights come with a package of the extra ``spaces``."""

SIZES = {16: (32, 16, 1500), 32: (64, 32, 4000), 64: (128, 32, 10_000), 128: (128, 64, 30_000)}
"""Resolution to dimensions of z, width of the nets, and steps."""

_TEXT = """\
# Question:  does the Pearson term of O-GAN make a working encoder of these images, and at what
#            cost in sample quality?
# Note:      written by `ogan-bench init`; every line may be changed before the first trial.
name: {name}
question: >-
  Does the Pearson term make a working encoder of {name}, and what does it cost in sample quality?
source: J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
base:
  data:
{data}
  model: {{name: dcgan, z_dim: {z_dim}, width: {width}}}
  objective:
    adversarial: linear
    readout: avg
    consistency: pearson
    consistency_weight: 0.5
    penalty: {{name: quadratic_potential, weight: 0.25}}
  training:
    steps: {steps}
    batch_size: 64
    optimizer: {{name: rmsprop, lr: 1e-4, alpha: 0.99}}
    updates: simultaneous
  evaluation: {{samples: {samples}, extractors: [{space}]}}
arms:
  none: {{title: no term, objective: {{consistency: none}}}}
  pearson: {{title: Pearson}}
seeds: [0, 1, 2, 3, 4, 5, 6]
metrics: [reconstruction_mse, reconstruction_ratio, latent_rho, {distance}]
hypotheses:
  - id: encoder_works
    claim: With the Pearson term, G(N(E(x))) reconstructs x better than without it.
    metric: reconstruction_mse
    arm: pearson
    control: none
    test: superiority
  - id: quality_is_kept
    claim: The Pearson term costs less than 25 % of sample quality.
    metric: {distance}
    arm: pearson
    control: none
    test: non_inferiority
    margin: 25%
    margin_reason: It is a squared distance; a quarter of it is 12 % of the distance.
scales:
  smoke:
    base:
      model: {{width: 4}}
      training: {{steps: 8, log_every: 4, batch_size: 16}}
      evaluation: {{samples: 100, probe_images: 100}}
    seeds: [0]
{larger}"""

_LARGER = """\
  large:
    base:
      data: {{resolution: {resolution}}}
      model: {{z_dim: {z_dim}, width: {width}}}
      training: {{steps: {steps}}}
"""


def new_study(
    name: str,
    data: Mapping[str, str | int],
    resolution: int,
    images: int,
    *,
    classes: bool,
    larger: int | None = None,
) -> str:
    """A study file in which an O-GAN is trained with and without its term on a dataset.

    Args:
        name: Name of the study.
        data: Name and parameters of the dataset; its resolution is added.
        resolution: One of :data:`SIZES`.
        images: How many there are; as many samples are drawn, but at most 10,000.
        classes: Whether the images have labels, see :data:`SPACES`.
        larger: The resolution of the scale ``large``, also of :data:`SIZES`; ``None``: there is no
            such scale.
    """
    z_dim, width, steps = SIZES[resolution]
    lines = [f"    {key}: {_quoted(value)}" for key, value in data.items()]
    return _TEXT.format(
        name=name,
        data="\n".join([*lines, f"    resolution: {resolution}"]),
        z_dim=z_dim,
        width=width,
        steps=steps,
        samples=min(images, 10_000),
        space=SPACES[classes],
        distance=f"fd_{SPACES[classes]}",
        larger="" if larger is None else _larger(larger),
    )


def _larger(resolution: int) -> str:
    z_dim, width, steps = SIZES[resolution]
    return _LARGER.format(resolution=resolution, z_dim=z_dim, width=width, steps=steps)


def _quoted(value: str | int) -> str:
    return json.dumps(value, ensure_ascii=False)

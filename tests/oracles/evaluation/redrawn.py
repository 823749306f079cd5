"""Closed-form nets, and the images that they are measured on, which are drawn anew."""

from __future__ import annotations

import copy
import functools

import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float, to_uint8
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.objectives.base import Objective
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")
SIDE, D = 12, 6
TRAIN, TEST, SAMPLES = 200, 120, 200
SIZES = torch.linspace(1.6, 0.4, D)
"""Standard deviations of the causes of images; those of z are 1."""


class Picture(Generator):
    """tanh of a linear function of z."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", normal(D, SIDE**2, 1) / 3)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return (z @ self.get_buffer("weight")).tanh().view(-1, 1, SIDE, SIDE)


@functools.cache
def _inverse() -> Tensor:
    inverse: Tensor = torch.linalg.pinv(Picture().get_buffer("weight"))
    return inverse.T


def linear_encoder() -> Encoder:
    """About the least-squares solution for the causes, a little off."""
    head = nn.Linear(SIDE**2, D)
    with torch.no_grad():
        head.weight.copy_(_inverse() + 0.02 * normal(D, SIDE**2, 2))
        head.bias.copy_(0.2 * normal(1, D, 3)[0])
    return Encoder(nn.Flatten(), head)


def batch_norm_encoder() -> Encoder:
    """What E says of an image in training depends on the rest of its batch."""
    first, head = nn.Linear(SIDE**2, 12), nn.Linear(12, D)
    with torch.no_grad():
        first.weight.copy_(normal(12, SIDE**2, 4) / 12)
        head.weight.copy_(normal(D, 12, 5) / 3)
        for layer in (first, head):
            layer.bias.zero_()
    return Encoder(nn.Sequential(nn.Flatten(), first, nn.BatchNorm1d(12), nn.LeakyReLU()), head)


@functools.cache
def pictures(n: int, seed: int) -> Split:
    """Noisy pictures of causes; the signs of the first two are class, attributes and factors."""
    causes = normal(n, D, 2 * seed) * SIZES
    noise = 0.2 * normal(n, SIDE**2, 2 * seed + 1).view(-1, 1, SIDE, SIDE)
    signs = causes[:, :2] > 0
    images = to_uint8((Picture()(causes) + noise).clamp(-1, 1))
    return Split(images, signs[:, 0].long(), signs, signs.long())


class Parts:
    """Means of four parts of an image and, as logits of two classes, of each half."""

    name, weights_hash = "parts@0", "0"
    device, batch_size = CPU, 500

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        floats = to_float(images) if images.dtype == torch.uint8 else images
        parts = floats.flatten(1).unflatten(1, (4, -1)).mean(2)
        return parts, 3 * parts.unflatten(1, (2, -1)).mean(2)


def context_of(
    test: Split,
    train: Split,
    seed: int,
    E: Encoder | None = None,
    G: Generator | None = None,
    objective: Objective | None = None,
) -> ModelContext:
    """Nets on these images; z and all random choices are of the seed."""
    E, G = E or linear_encoder(), G or Picture()
    factors = (("first", 2), ("second", 2))
    dataset = Dataset("pictures", train, test, ("a", "b"), "none", ("first", "second"), factors)
    pair = Autoencoder(objective or Untrained(), E, G, D)
    settings = Evaluation(samples=SAMPLES, probe_images=TRAIN, seed=seed)
    return ModelContext(pair, UntrainedEncoder(copy.deepcopy(E)), dataset, settings, CPU)

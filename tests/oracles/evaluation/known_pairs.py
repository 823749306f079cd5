"""Pairs of nets whose measurements are known, and the groups of metrics of an encoder."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.evaluation.interpolation.interpolation import interpolation_rows
from ogan_bench.evaluation.inversion.inversion import inversion_rows
from ogan_bench.evaluation.latent.prior_match import code_rows
from ogan_bench.evaluation.reconstruction.autoencoding import reconstruction_group_rows
from ogan_bench.evaluation.rows import Row
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.objectives.base import Projection
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")
OWN: dict[str, Callable[[ModelContext], list[Row]]] = {
    "reconstruction": reconstruction_group_rows,
    "codes": code_rows,
    "interpolation": interpolation_rows,
    "inversion": functools.partial(inversion_rows, images=12),  # it is slow
}


class Unflat(Generator):
    """The codes themselves, as pixels."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return z.view(-1, *self.shape)


def flat_encoder(dataset: Dataset) -> Encoder:
    """E(x) = x, flattened."""
    pixels = dataset.train.images[0].numel()
    head = nn.Linear(pixels, pixels)
    nn.init.eye_(head.weight)
    nn.init.zeros_(head.bias)
    return Encoder(nn.Flatten(), head)


def subject_of(
    dataset: Dataset,
    G: Generator,
    *,
    projection: Projection = "none",
    folder: Path | None = None,
    settings: Evaluation | None = None,
) -> ModelContext:
    E = flat_encoder(dataset)
    pair = Autoencoder(Untrained(projection), E, G, E.head.out_features)
    settings = settings or Evaluation(samples=200, probe_images=300)
    return ModelContext(
        pair, UntrainedEncoder(flat_encoder(dataset)), dataset, settings, CPU, folder
    )


def measure(context: ModelContext, *groups: str) -> dict[str, Row]:
    rows = [row for group in groups or OWN for row in OWN[group](context)]
    assert len({row.metric for row in rows}) == len(rows)
    return {row.metric: row for row in rows}


def value(row: Row) -> float:
    assert row.value is not None, row.note
    return row.value

"""Every row that can be written: of noise with all kinds of annotations, and of points."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Modes, Split, to_float
from ogan_bench.evaluation.evaluate import GROUPS, evaluate
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.resampled_data import Bootstrap, flat_encoder
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")


class Columns:
    """The mean of each column and, as logits of two classes, of each half."""

    name, weights_hash = "columns@0", "0"
    device, batch_size = CPU, 100

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        floats = to_float(images) if images.dtype == torch.uint8 else images
        columns = floats.mean((1, 2))
        return columns, columns.unflatten(1, (2, -1)).mean(2)


def noise(train: int, test: int) -> Dataset:
    """Images with classes, attributes and factors."""
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        pixels = torch.randint(256, (n, 1, 8, 8), generator=random, dtype=torch.uint8)
        bits = (pixels[:, 0, 0, :2] > 127).long()
        return Split(pixels, torch.arange(n) % 2, bits.bool(), bits)

    return Dataset(
        "noise", split(train), split(test), ("a", "b"), "none", ("one", "two"),
        (("one", 2), ("two", 2)),
    )  # fmt: skip


def points() -> Dataset:
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        return Split(torch.randn(n, 2, 1, 1, generator=random), torch.zeros(n, dtype=torch.long))

    return Dataset(
        "cloud", split(40), split(12), ("a",), "none", modes=Modes(torch.zeros(1, 2), 1.0)
    )


def rows_by_group(
    dataset: Dataset, samples: int, probe_images: int, conditional: bool = True
) -> dict[str | None, list[Row]]:
    """All rows in all spaces, many of them without value; ``None``: those of no group."""
    E, G = flat_encoder(dataset, 8), Bootstrap(dataset.train, conditional)
    pair = Autoencoder(Untrained(), E, G, 8)
    settings = Evaluation(
        samples=samples, probe_images=probe_images, extractors=list(FEATURE_SPACES)
    )
    context = ModelContext(pair, UntrainedEncoder(copy.deepcopy(E)), dataset, settings, CPU)
    rows, _ = evaluate(context)
    return {None: rows} | {name: group(context) for name, group in GROUPS.items()}

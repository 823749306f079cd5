"""A generator that draws real images again, and its evaluation."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float
from ogan_bench.evaluation.evaluate import Facts, evaluate
from ogan_bench.evaluation.rows import Row
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")


class Bootstrap(Generator):
    """Every z picks a training image, all equally often; of the label's class if conditional."""

    def __init__(self, split: Split, conditional: bool) -> None:
        super().__init__()
        self.images, self.labels = to_float(split.images), split.labels
        self.conditional = conditional

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        share = torch.special.ndtr(z[:, 0].double())
        flat = 0 * z.sum()  # every net has a gradient with respect to z; here it is 0
        if not self.conditional:
            chosen = (share * len(self.images)).long().clamp(0, len(self.images) - 1)
            return self.images[chosen] + flat
        assert labels is not None
        assert self.labels is not None
        of_class = [(self.labels == label).nonzero()[:, 0] for label in labels]
        picks = [
            of[min(int(s * len(of)), len(of) - 1)] for s, of in zip(share, of_class, strict=True)
        ]
        return self.images[torch.stack(picks)] + flat


def flat_encoder(dataset: Dataset, d: int) -> Encoder:
    head = nn.Linear(dataset.train.images[0].numel(), d)
    nn.init.normal_(head.weight, std=0.1, generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(head.bias)
    return Encoder(nn.Flatten(), head)


def run(
    generator: Generator, dataset: Dataset, settings: Evaluation, folder: Path | None = None
) -> tuple[dict[str, Row], Facts]:
    E = flat_encoder(dataset, 8)
    pair = Autoencoder(Untrained(), E, generator, 8)
    untrained = UntrainedEncoder(copy.deepcopy(E))
    rows, facts = evaluate(ModelContext(pair, untrained, dataset, settings, CPU, folder))
    assert len({row.metric for row in rows}) == len(rows)
    json.dumps([row.record() for row in rows], allow_nan=False)
    return {row.metric: row for row in rows}, facts

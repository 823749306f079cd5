"""Samples of a pair of nets under given settings."""

from __future__ import annotations

import copy

import torch

from ogan_bench.data import Dataset
from ogan_bench.models.base import Encoder
from ogan_bench.objectives.base import Objective
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.batch_norm import Policy
from ogan_bench.sampling.samples import Samples, draw_samples, freeze_for_evaluation
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.stand_ins import Plain, Untrained

CPU = torch.device("cpu")
D = 6
Pair = tuple[Encoder, Plain]


def settings(statistics: Policy = "mixed", samples: int = 150, seed: int = 0) -> Evaluation:
    """Few samples; with ``mixed``, both nets have the statistics of training."""
    return Evaluation(
        samples=samples,
        probe_images=100,
        encoder_statistics=statistics,
        generator_statistics="running" if statistics == "mixed" else "estimated",
        seed=seed,
    )


def draw(
    nets: Pair,
    dataset: Dataset,
    chosen: Evaluation,
    batch_size: int = 256,
    objective: Objective | None = None,
) -> Samples:
    E, G = nets
    pair = Autoencoder(objective or Untrained(), E, G, D)
    trained = freeze_for_evaluation(pair, dataset, chosen, CPU)
    untrained = UntrainedEncoder(copy.deepcopy(E))
    return draw_samples(trained, untrained, dataset, chosen, CPU, batch_size=batch_size)

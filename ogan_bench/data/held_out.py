"""Training images held out of training, to evaluate it while it runs."""

from __future__ import annotations

from dataclasses import replace

import torch

from ogan_bench.data.base import Dataset, Split
from ogan_bench.errors import UserError
from ogan_bench.seeding import generator


def hold_out(dataset: Dataset, count: int, seed: int) -> tuple[Dataset, Split]:
    """The dataset without some of its training images, and the images held out.

    They are the first of a seeded shuffle, so that every arm and training seed holds out the same
    ones. Both parts are copies in memory.

    Args:
        dataset: Not changed.
        count: Images to hold out.
        seed: Seed of the choice.

    Raises:
        UserError: Nothing would be left to train on.
    """
    n = len(dataset.train)
    if count >= n:
        raise UserError(
            f"evaluation.held_out: {count} of the {n} training images of {dataset.name} leave none "
            "to train on"
        )
    order = torch.randperm(n, generator=generator(seed, "data/held out"))
    kept = dataset.train.part(order[count:].sort().values)
    return replace(dataset, train=kept), dataset.train.part(order[:count].sort().values)

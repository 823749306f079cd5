"""The order of training images, from (seed, epoch) alone: its only state is the step number."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from ogan_bench.data.base import Split, to_float
from ogan_bench.seeding import generator


class Batches:
    """An endless stream of shuffled epochs, cut into full batches.

    Every image appears once in an epoch; a batch may span two epochs, so none is ever short and
    batch norm always sees the same number of images.

    Args:
        split: The training images, on the training device.
        batch_size: Images per batch.
        seed: Training seed.
        count: Images to draw from, the first of a seeded shuffle; ``None``: all.
    """

    def __init__(self, split: Split, batch_size: int, seed: int, count: int | None = None) -> None:
        self.split = split
        self.batch_size = batch_size
        self.seed = seed
        chosen = torch.arange(len(split))
        if count is not None and count < len(split):
            chosen = torch.randperm(len(split), generator=generator(seed, "subset"))[:count]
        self.chosen = chosen
        self._order = functools.lru_cache(maxsize=2)(self._shuffle)

    def _shuffle(self, epoch: int) -> Tensor:
        order = torch.randperm(len(self.chosen), generator=generator(self.seed, "order", epoch))
        return self.chosen[order]

    def indices(self, batch: int) -> Tensor:
        """Indices of the images of batch number ``batch``, shape ``(batch_size,)``."""
        n = len(self.chosen)
        positions = torch.arange(batch * self.batch_size, (batch + 1) * self.batch_size)
        epochs = positions // n
        chosen = [self._order(e)[positions[epochs == e] % n] for e in epochs.unique().tolist()]
        return torch.cat(chosen)

    def __getitem__(self, batch: int) -> tuple[Tensor, Tensor | None]:
        """Images ``(batch_size, c, h, w)`` as the nets see them, and their classes."""
        indices = self.indices(batch).to(self.split.images.device)
        labels = self.split.labels
        return to_float(self.split.images[indices]), None if labels is None else labels[indices]

    def random_labels(self, batch: int) -> Tensor | None:
        """Classes drawn independently, as often as they are in the data, for batch ``batch``."""
        if self.split.labels is None:
            return None
        drawn = torch.randint(
            len(self.chosen), (self.batch_size,), generator=generator(self.seed, "labels", batch)
        )
        return self.split.labels[self.chosen[drawn].to(self.split.labels.device)]

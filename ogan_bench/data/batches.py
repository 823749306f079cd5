"""The order of training images, from (seed, epoch) alone: its only state is the step number."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.seeding import generator


class Batches:
    """An endless stream of shuffled epochs, cut into full batches.

    Every image appears once in an epoch; a batch may span two epochs, so none is ever short and
    batch norm always sees the same number of images.

    Args:
        images: uint8, shape ``(n, c, h, w)``, on the training device.
        batch_size: Images per batch.
        seed: Training seed.
    """

    def __init__(self, images: Tensor, batch_size: int, seed: int) -> None:
        self.images = images
        self.batch_size = batch_size
        self.seed = seed
        self._order = functools.lru_cache(maxsize=2)(self._shuffle)

    def _shuffle(self, epoch: int) -> Tensor:
        return torch.randperm(len(self.images), generator=generator(self.seed, "order", epoch))

    def indices(self, batch: int) -> Tensor:
        """Indices of the images of batch number ``batch``, shape ``(batch_size,)``."""
        n = len(self.images)
        positions = torch.arange(batch * self.batch_size, (batch + 1) * self.batch_size)
        epochs = positions // n
        chosen = [self._order(e)[positions[epochs == e] % n] for e in epochs.unique().tolist()]
        return torch.cat(chosen)

    def __getitem__(self, batch: int) -> Tensor:
        """Images of batch number ``batch``: float32 in [-1, 1], shape ``(batch_size, c, h, w)``."""
        return to_float(self.images[self.indices(batch).to(self.images.device)])

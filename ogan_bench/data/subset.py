"""The images that nets are trained on, where those are fewer than the training split."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.seeding import generator


def drawn_images(images: int, count: int | None, seed: int) -> Tensor:
    """Indices of the training images that are trained on: the first of a shuffle.

    Args:
        images: Number of images in the training split.
        count: How many to train on; ``None``: all, in their order.
        seed: Training seed.
    """
    if count is None or count >= images:
        return torch.arange(images)
    return torch.randperm(images, generator=generator(seed, "subset"))[:count]

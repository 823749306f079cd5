"""Photographs in pieces and in sizes."""

from __future__ import annotations

import numpy as np
import skimage.data
import torch
from PIL import Image
from torch import Tensor


def photograph(name: str, size: int) -> Tensor:
    """The middle square of one of scikit-image's photographs, shape ``(1, 3, size, size)``."""
    image = Image.fromarray(getattr(skimage.data, name)())
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    shrunk = square.resize((size, size), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.array(shrunk)).movedim(2, 0)[None]


def crops(n: int, size: int) -> Tensor:
    """Squares from all over five photographs, shape ``(n, 3, size, size)``."""
    g = np.random.default_rng(0)
    names = ("chelsea", "coffee", "rocket", "astronaut", "retina")
    photographs = [getattr(skimage.data, name)() for name in names]
    images = []
    for index in range(n):
        source = photographs[index % len(photographs)]
        top, left = (int(g.integers(0, extent - size + 1)) for extent in source.shape[:2])
        images.append(source[top : top + size, left : left + size])
    return torch.from_numpy(np.stack(images)).movedim(3, 1).contiguous()


def by_pillow(images: Tensor, size: int, by: Image.Resampling) -> Tensor:
    """Each image resized by Pillow."""
    made = [
        Image.fromarray(image.movedim(0, 2).numpy()).resize((size, size), by) for image in images
    ]
    return torch.from_numpy(np.stack([np.array(image) for image in made])).movedim(3, 1)

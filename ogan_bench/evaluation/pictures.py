"""Pictures of a trial for the eye: samples and reconstructions as PNG grids of 8 x 8."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ogan_bench.store import replacing

SIDE = 8
MAX_WIDTH = 600
"""Width in pixels up to which grids of small images are enlarged by an integer factor."""


def sample_grid(images: Tensor, path: Path) -> None:
    """Write the first 64 of uint8 images ``(n, c, h, w)`` as a PNG.

    Raises:
        ValueError: The images have neither one nor three channels.
        UserError: The file cannot be written.
    """
    _write(images[: SIDE**2], path)


def reconstruction_grid(originals: Tensor, reconstructions: Tensor, path: Path) -> None:
    """Write the first 32 pairs as a PNG: each original with its reconstruction to its right.

    Args:
        originals: uint8, shape ``(n, c, h, w)``.
        reconstructions: uint8, same shape.
        path: The PNG file.

    Raises:
        ValueError: The images have neither one nor three channels.
        UserError: The file cannot be written.

    References:
        The layout is the author's: J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    pairs = SIDE**2 // 2
    both = torch.stack([originals[:pairs].cpu(), reconstructions[:pairs].cpu()], dim=1)
    _write(both.flatten(0, 1), path)


def _write(images: Tensor, path: Path) -> None:
    n, channels, height, width = images.shape
    if channels not in (1, 3):
        raise ValueError(f"images of {channels} channels cannot be shown")
    cells = torch.zeros(SIDE**2, channels, height, width, dtype=torch.uint8)
    cells[:n] = images.cpu()
    rows = cells.view(SIDE, SIDE, channels, height, width).permute(0, 3, 1, 4, 2)
    grid = rows.reshape(SIDE * height, SIDE * width, channels)
    factor = max(1, MAX_WIDTH // (SIDE * width))
    grid = grid.repeat_interleave(factor, 0).repeat_interleave(factor, 1)
    picture = Image.fromarray((grid[..., 0] if channels == 1 else grid).contiguous().numpy())
    with replacing(path, durable=False) as temporary:
        picture.save(temporary, format="PNG")

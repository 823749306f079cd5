"""Pictures of a trial: PNG grids of images, or the density of points."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ogan_bench.files import replacing

SIDE = 8
STEP_ROWS = 4
"""Rows of eight samples in the pictures made during training."""
MAX_WIDTH = 600
"""Width in pixels up to which the images of a grid are enlarged by an integer factor."""
PANEL = 256
"""Height and width of a picture of points."""
LINE = 2
"""Pixels between images; digits without any would run into one another."""
GAP = 8
"""Pixels between pairs or triples, and between panels."""
GREY = 128
"""What is between images, and where there is none."""
MARGIN = 0.15
"""Margin around the real points in a picture of points, as a share of their extent."""
BRIGHT = 16
"""Points per pixel from which the pixel is white."""


def sample_grid(images: Tensor, path: Path, rows: int = SIDE) -> None:
    """Write the first images as a PNG, eight to a row.

    Args:
        images: uint8, shape ``(n, c, h, w)``.
        path: The PNG file.
        rows: How many rows.

    Raises:
        ValueError: The images have neither one nor three channels.
        UserError: The file cannot be written.
    """
    _write(images[: SIDE * rows], path, rows=rows)


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
        Layout from J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    _write_groups((originals, reconstructions), 4, path)


def swap_grid(originals: Tensor, reconstructions: Tensor, swapped: Tensor, path: Path) -> None:
    """Write the first 24 triples as a PNG: original, reconstruction, the same with another class.

    Args:
        originals: uint8, shape ``(n, c, h, w)``.
        reconstructions: uint8, same shape.
        swapped: The same codes under another label, uint8, same shape.
        path: The PNG file.

    Raises:
        ValueError: The images have neither one nor three channels.
        UserError: The file cannot be written.
    """
    _write_groups((originals, reconstructions, swapped), 3, path)


def neighbour_grid(images: Tensor, neighbours: Tensor, path: Path) -> None:
    """Write the first 32 pairs as a PNG: each image with its neighbour in another set to its right.

    Args:
        images: uint8, shape ``(n, c, h, w)``.
        neighbours: The image of the other set nearest to each, uint8, same shape.
        path: The PNG file.

    Raises:
        ValueError: The images have neither one nor three channels.
        UserError: The file cannot be written.
    """
    _write_groups((images, neighbours), 4, path)


def interpolation_strips(columns: Sequence[Tensor], path: Path) -> None:
    """Write eight rows as a PNG, each with one image from every column.

    Args:
        columns: uint8, shape ``(n, c, h, w)``, from one end of a path to the other.
        path: The PNG file.

    Raises:
        ValueError: The images have neither one nor three channels.
        UserError: The file cannot be written.
    """
    _write_groups(tuple(columns), 1, path)


def point_picture(real: Tensor, generated: Tensor, path: Path) -> None:
    """Write two densities side by side, both over the extent of the left one.

    A pixel's grey level grows with the square root of the number of points in it. Points beyond
    the margin are drawn on the border.

    Args:
        real: Points of the left panel, shape ``(n, 2, 1, 1)``.
        generated: Points of the right panel, shape ``(m, 2, 1, 1)``.
        path: The PNG file.

    Raises:
        UserError: The file cannot be written.
    """
    low, high = float(real.min()), float(real.max())
    margin = MARGIN * (high - low)
    panels = [_density(points, low - margin, high + margin) for points in (real, generated)]
    gap = torch.full((PANEL, GAP), GREY, dtype=torch.uint8)
    _save(torch.cat([panels[0], gap, panels[1]], dim=1), path)


def _density(points: Tensor, low: float, high: float) -> Tensor:
    """Grey levels of one panel, uint8, the second coordinate pointing up."""
    x, y = points.flatten(1).cpu().sub(low).div(high - low).mul(PANEL).clamp(0, PANEL - 1).long().T
    counts = ((PANEL - 1 - y) * PANEL + x).bincount(minlength=PANEL**2).view(PANEL, PANEL)
    levels: Tensor = counts.div(BRIGHT).clamp_max(1).sqrt().mul(255).round()
    return levels.to(torch.uint8)


def _write_groups(columns: tuple[Tensor, ...], per_row: int, path: Path) -> None:
    """Eight rows of groups, each with one image from every column."""
    n = SIDE * per_row
    groups = torch.stack([column[:n].cpu() for column in columns], dim=1)
    group = len(columns) if per_row > 1 else 1
    _write(groups.flatten(0, 1), path, width=per_row * len(columns), group=group)


def _write(images: Tensor, path: Path, width: int = SIDE, rows: int = SIDE, group: int = 1) -> None:
    """Images in reading order, :data:`LINE` apart, groups in a row by :data:`GAP`."""
    channels, height, pixels = images.shape[1:]
    if channels not in (1, 3):
        raise ValueError(f"images of {channels} channels cannot be shown")
    factor = max(1, MAX_WIDTH // (width * pixels))
    tops = [row * (height * factor + LINE) for row in range(rows)]
    lefts = [
        column * (pixels * factor + LINE) + column // group * (GAP - LINE) * (group > 1)
        for column in range(width)
    ]
    size = (tops[-1] + height * factor, lefts[-1] + pixels * factor, channels)
    grid = torch.full(size, GREY, dtype=torch.uint8)
    enlarged = images.cpu().repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    places = ((top, left) for top in tops for left in lefts)
    for image, (top, left) in zip(enlarged, places, strict=False):
        grid[top : top + image.shape[1], left : left + image.shape[2]] = image.permute(1, 2, 0)
    _save(grid[..., 0] if channels == 1 else grid, path)


def _save(pixels: Tensor, path: Path) -> None:
    picture = Image.fromarray(pixels.contiguous().numpy())
    with replacing(path, durable=False) as temporary:
        picture.save(temporary, format="PNG")

"""Gaussian mixtures in the plane, whose modes are known: points as float32 images of 1 x 1 pixel.

Their units are those of the literature and are not rescaled, so nets for points must neither clip
nor squash.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ogan_bench.data.base import Dataset, Modes, Split
from ogan_bench.seeding import generator

TRAIN_POINTS = 100_000
TEST_POINTS = 10_000


def ring() -> Dataset:
    """8 Gaussians on the circle of radius 1, standard deviation 0.01.

    Mode i is at the angle 2πi/8. 100,000 fixed training points and 10,000 test points, equally
    many of every mode; a point's label is its mode.

    References:
        A. Srivastava et al., VEEGAN, 2017, https://arxiv.org/abs/1705.07761;
        Z. Lin et al., PacGAN, 2018, https://arxiv.org/abs/1712.04086 (radius, deviation, points)
    """
    angles = 2 * math.pi * torch.arange(8, dtype=torch.float64) / 8
    centres = torch.stack([angles.cos(), angles.sin()], dim=1).float()
    classes = tuple(f"{45 * i}°" for i in range(8))
    return _mixture("ring", centres, 0.01, classes)


def grid() -> Dataset:
    """25 Gaussians on the grid {-4, -2, 0, 2, 4}², standard deviation 0.05.

    100,000 fixed training points and 10,000 test points, equally many of every mode; a point's
    label is its mode.

    References:
        A. Srivastava et al., VEEGAN, 2017, https://arxiv.org/abs/1705.07761;
        Z. Lin et al., PacGAN, 2018, https://arxiv.org/abs/1712.04086 (spacing, deviation, points)
    """
    ticks = torch.tensor([-4.0, -2.0, 0.0, 2.0, 4.0])
    centres = torch.cartesian_prod(ticks, ticks)
    classes = tuple(f"({x:g}, {y:g})" for x, y in centres.tolist())
    return _mixture("grid", centres, 0.05, classes)


def _mixture(name: str, centres: Tensor, std: float, classes: tuple[str, ...]) -> Dataset:
    def split(points: int, part: str) -> Split:
        labels = torch.arange(points) % len(centres)
        noise = torch.randn(points, 2, generator=generator(0, f"data/{name}/{part}"))
        return Split((centres[labels] + std * noise)[:, :, None, None], labels)

    return Dataset(
        name=name,
        train=split(TRAIN_POINTS, "train"),
        test=split(TEST_POINTS, "test"),
        classes=classes,
        licence="none: drawn from a closed form",
        modes=Modes(centres, std),
    )

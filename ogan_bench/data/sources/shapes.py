"""Coloured shapes on a grey ground, rendered from seven known and independent factors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ogan_bench.data.base import Dataset, Split
from ogan_bench.seeding import generator

SHAPES = ("square", "ellipse", "triangle", "heart")
FACTORS = (
    ("x", 8),
    ("y", 8),
    ("size", 4),
    ("rotation", 6),
    ("hue", 8),
    ("shape", len(SHAPES)),
    ("ground", 4),
)
"""Names of the factors and how many values each has: 196,608 images in all."""

COMBINATIONS = math.prod(count for _, count in FACTORS)
TEST_IMAGES = 5000

NEAREST, FARTHEST = 0.27, 0.73
"""Range of the centre: the largest shape, a triangle, reaches 0.249 from it."""
SMALLEST, LARGEST = 0.10, 0.16
"""Range of the radius of the disc that has the shape's area."""
TURN = math.pi / 2
"""Rotations are multiples of a sixth of this, the rotational symmetry of a square."""
LIGHTEST = 0.75
"""Grey levels of the ground run from 0 to this."""

CHUNK = 1 << 20
"""Pixels rendered at once: about what fits into a CPU's caches."""


def shapes(
    *,
    resolution: Annotated[int, Field(ge=32, le=256)] = 32,
    images: Annotated[int, Field(ge=1, le=191_608)] = 20_000,
) -> Dataset:
    """Squares, ellipses, triangles and hearts of one saturated hue on a grey ground, RGB.

    Seven factors, independent and uniform: x and y of the centroid (8 positions each), size (4),
    rotation (6), hue (8), shape (4) and the ground's grey level (4). Training images and the 5000
    test images are drawn from all 196,608 combinations without replacement, so none appears twice;
    the test images are always the same. The label is the shape.

    All shapes of one size have the same area, and lie wholly within the image. Rotations are
    0, 15, ..., 75 degrees clockwise: below the 90 degrees after which a square looks the same (120
    for the triangle, 180 for the ellipse, 360 for the heart), so that the image determines every
    factor. Edges are antialiased by the share of each pixel that is covered.

    Args:
        resolution: Height and width in pixels.
        images: Number of training images.

    References:
        L. Matthey et al., dSprites, 2017, https://github.com/google-deepmind/dsprites-dataset;
        C. Burgess and H. Kim, 3D Shapes, 2018, https://github.com/google-deepmind/3d-shapes
        (datasets of the same purpose; factors, values and rendering are our own)
    """
    order = torch.randperm(COMBINATIONS, generator=generator(0, "data/shapes"))

    def split(numbers: Tensor) -> Split:
        factors = combinations(numbers)
        shape = [name for name, _ in FACTORS].index("shape")
        return Split(render(factors, resolution), factors[:, shape].clone(), factors=factors)

    return Dataset(
        name="shapes",
        train=split(order[TEST_IMAGES : TEST_IMAGES + images]),
        test=split(order[:TEST_IMAGES]),
        classes=SHAPES,
        licence="none: rendered from a closed form",
        factors=FACTORS,
    )


def combinations(numbers: Tensor) -> Tensor:
    """Factors of the images with given numbers, in mixed radix; the last factor varies fastest.

    Args:
        numbers: Between 0 and 196,607, shape ``(n,)``.

    Returns:
        Indices of values, shape ``(n, 7)``.
    """
    digits = []
    for _, count in reversed(FACTORS):
        digits.append(numbers % count)
        numbers = numbers // count
    return torch.stack(digits[::-1], dim=1)


def render(factors: Tensor, resolution: int) -> Tensor:
    """Render images from their factors.

    A pixel is α · hue + (1 - α) · ground, where α is the share of the pixel that the shape covers:
    ½ - d, clipped to [0, 1], for the signed distance d of its centre from the shape's edge in
    pixels, which is exact along straight edges parallel to the pixels'.

    Args:
        factors: Indices of values in the order of :data:`FACTORS`, shape ``(n, 7)``.
        resolution: Height and width in pixels.

    Returns:
        uint8, shape ``(n, 3, resolution, resolution)``.
    """
    images = torch.empty(len(factors), 3, resolution, resolution, dtype=torch.uint8)
    for shape, distance in enumerate((_square, _ellipse, _triangle, _heart)):
        of_shape = (factors[:, 5] == shape).nonzero().flatten()
        for rows in of_shape.split(max(1, CHUNK // resolution**2)):
            images[rows] = _paint(factors[rows], resolution, distance)
    return images


def _paint(
    factors: Tensor, resolution: int, distance: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    """Images of one shape, given by its signed distance in units of the size."""
    x, y, size, rotation, hue, _, ground = factors.T
    place = torch.linspace(NEAREST, FARTHEST, 8)
    sizes = torch.linspace(SMALLEST, LARGEST, 4)[size][:, None, None]
    angles = (torch.arange(6, dtype=torch.float64) * (TURN / 6))[rotation][:, None, None]
    cos, sin = angles.cos().float() / sizes, angles.sin().float() / sizes
    pixels = (torch.arange(resolution) + 0.5) / resolution
    right = pixels[None, None, :] - place[x][:, None, None]
    down = pixels[None, :, None] - place[y][:, None, None]
    # The shape is rotated clockwise on screen, so the coordinates are rotated back.
    d = distance(cos * right + sin * down, cos * down - sin * right)
    alpha = (0.5 - d * (sizes * resolution)).clamp_(0, 1)[:, None]
    levels = torch.linspace(0, LIGHTEST, 4)[ground][:, None, None, None]
    colours = _hues(8)[hue][:, :, None, None]
    return ((colours - levels) * alpha + levels).mul_(255).round_().to(torch.uint8)


def _hues(count: int) -> Tensor:
    """Colours of full saturation and value, evenly around the circle from red, ``(count, 3)``."""
    sixths = torch.arange(count, dtype=torch.float64)[:, None] * (6 / count)
    k = (torch.tensor([5.0, 3.0, 1.0], dtype=torch.float64) + sixths) % 6
    return (1 - torch.minimum(k, 4 - k).clamp(0, 1)).float()


# Signed distances from the edges of shapes of area π, whose centroid is the origin; y runs down.


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - math.sqrt(math.pi) / 2


def _ellipse(x: Tensor, y: Tensor) -> Tensor:
    """Half-axes √2 and 1/√2; the distance f / |∇f| to first order with f = x²/a² + y²/b² - 1."""
    f = x.square() / 2 + y.square() * 2 - 1
    half_gradient = torch.hypot(x / 2, y * 2)
    return f / half_gradient.mul_(2).clamp_min_(1e-3)


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    """Equilateral, one corner up; the inscribed circle has the radius √(π / 3√3)."""
    sides = torch.maximum(y, math.sqrt(3) / 2 * x.abs() - y / 2)
    return sides - math.sqrt(math.pi / (3 * math.sqrt(3)))


def _heart(x: Tensor, y: Tensor) -> Tensor:
    """A square of side a on its corner, with half discs on its two upper sides: a²(1 + π/4) = π."""
    a = math.sqrt(math.pi / (1 + math.pi / 4))
    # Along the sides of the square, whose centre lies off the centroid by the half discs' moments.
    shift = a * (math.pi / 16 + 1 / 12) / (1 + math.pi / 4)
    u = (x - y) / math.sqrt(2) + shift
    v = (-x - y) / math.sqrt(2) + shift
    square = torch.maximum(u.abs(), v.abs()) - a / 2
    discs = torch.minimum(torch.hypot(u - a / 2, v), torch.hypot(u, v - a / 2)) - a / 2
    return torch.minimum(square, discs)

"""Random views of images for contrastive losses: resized crops with jittered colours.

They are computed from uniform numbers that are drawn beforehand, by matrix products and sums alone,
so they are differentiable, twice even, and the same at every repetition.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ogan_bench.models.layout import channels_last
from ogan_bench.objectives.forward_pass import Noise, uniform

ASPECT = 4 / 3
"""Largest ratio of a crop's width to its height; the smallest is its reciprocal."""


def view_noise(n: int) -> Noise:
    """The numbers that determine the views of n images, shape ``(n, 7)``."""
    return uniform(n, 7)


def view(images: Tensor, drawn: Tensor, *, crop: float, jitter: float) -> Tensor:
    """A view of each image, shape ``(n, c, h, w)``.

    The crop's area and place are uniform, its aspect ratio is log-uniform as far as it fits into
    the image, and it is resized bilinearly to the image's size. Then brightness, contrast and
    saturation of images in [-1, 1] are multiplied by factors of their own, uniform in 1 ± jitter;
    colours may leave that range.

    Args:
        images: Shape ``(n, c, h, w)``.
        drawn: Uniform in [0, 1), shape ``(n, 7)``.
        crop: Smallest area of a crop, as a share of the image.
        jitter: Largest change of a factor.

    References:
        T. Chen et al., A Simple Framework for Contrastive Learning of Visual Representations, 2020,
        https://arxiv.org/abs/2002.05709
    """
    area, aspect, top, left, *factors = drawn.to(images.dtype).T
    area = crop + (1 - crop) * area
    bound = -area.log().clamp_min(-math.log(ASPECT))
    ratio = (bound * (2 * aspect - 1)).exp()
    rows = _interpolation(images.shape[2], (area / ratio).sqrt(), top)
    columns = _interpolation(images.shape[3], (area * ratio).sqrt(), left)
    cropped = rows[:, None] @ images @ columns[:, None].mT

    brightness, contrast, saturation = (
        (1 + jitter * (2 * factor - 1))[:, None, None, None] for factor in factors
    )
    # Black is -1, so a factor of the brightness in [0, 1] leaves it there.
    lit = brightness * (cropped + 1) - 1
    average = lit.mean(dim=(1, 2, 3), keepdim=True)
    contrasted = average + contrast * (lit - average)
    grey = contrasted.mean(dim=1, keepdim=True)
    return channels_last(grey + saturation * (contrasted - grey))


def _interpolation(size: int, side: Tensor, place: Tensor) -> Tensor:
    """Weights of the pixels along one side of an image in those of its resized crop.

    Args:
        size: Number of pixels s.
        side: Length of the crop as a share of the image, shape ``(n,)``.
        place: Where the crop begins, from 0 to 1 within the image, shape ``(n,)``.

    Returns:
        Shape ``(n, s, s)``; each row has the sum 1.
    """
    pixels = torch.arange(size, device=side.device, dtype=side.dtype)
    begin = place * (1 - side)
    source = size * (begin[:, None] + side[:, None] * (pixels + 0.5) / size) - 0.5
    distance = source.clamp(0, size - 1)[:, :, None] - pixels
    return (1 - distance.abs()).relu()

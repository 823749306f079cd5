"""Converts uint8 images of any size to the input format of a published net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.errors import NoValueError

Filter = Literal["bilinear", "bicubic"]


def colour(images: Tensor) -> Tensor:
    """Grey images ``(n, 1, h, w)`` repeated to three channels; colour images as they are.

    Raises:
        NoValueError: There are neither one nor three channels.
    """
    channels = images.shape[1]
    if channels not in (1, 3):
        raise NoValueError(f"images of {channels} channels are neither grey nor in colour")
    return images.expand(-1, 3, -1, -1)


def resized(images: Tensor, size: int, by: Filter) -> Tensor:
    """Images ``(n, 3, size, size)`` on the scale 0 to 255, in float32.

    As in Pillow, which published distances were measured with: the filter is widened when
    downsampling (antialiasing), rows are resized before columns, and both results are rounded to
    whole grey levels. A different resizing method alone changes distances between sets of images.

    Args:
        images: uint8, shape ``(n, c, h, w)`` with one or three channels.
        size: New height and width.
        by: The interpolation filter.

    Raises:
        NoValueError: There are neither one nor three channels.

    References:
        G. Parmar, R. Zhang, J.-Y. Zhu, On Aliased Resizing and Surprising Subtleties in GAN
        Evaluation, 2022, https://arxiv.org/abs/2104.11222
    """
    x = images.float()
    for shape in ((x.shape[2], size), (size, size)):
        if x.shape[2:] != shape:
            x = F.interpolate(x, shape, mode=by, antialias=True).add(0.5).floor().clamp(0, 255)
    return colour(x)


def standardised(x: Tensor, mean: Sequence[float], deviation: Sequence[float]) -> Tensor:
    """(x / 255 - mean) / deviation, per channel."""
    shift, scale = (torch.tensor(v, device=x.device).view(1, 3, 1, 1) for v in (mean, deviation))
    return (x / 255 - shift) / scale

"""Memory layout of images and feature maps: channels last, in which convolutions are fastest.

Shapes stay ``(n, c, h, w)``; only strides change, and with them the last bits of sums. A layer that
gets one operand in each layout is slower than with either, so the layout is set wherever a map
begins: at images, at the generator's first map, and at the gradient of the encoder's last one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def channels_last(maps: Tensor) -> Tensor:
    """The same maps with channels last in memory, shape ``(n, c, h, w)``."""
    return maps.contiguous(memory_format=torch.channels_last)


def reorder(net: nn.Module) -> None:
    """Store the kernels of all convolutions channels last, in place.

    A kernel of one channel has both layouts at once and torch would choose the other, so it gets
    the strides that decide.
    """
    for parameter in net.parameters():
        if parameter.ndim == 4:
            n, c, h, w = parameter.shape
            kernel = torch.empty_strided((n, c, h, w), (c * h * w, 1, c * w, c))
            parameter.data = kernel.copy_(parameter.data)


class Flatten(nn.Module):
    """Maps ``(n, c, h, w)`` to features ``(n, c·h·w)``; the gradient has channels last."""

    def forward(self, maps: Tensor) -> Tensor:
        features: Tensor = _WithGradientLayout.apply(maps)
        return features.flatten(1)


class Unflatten(nn.Module):
    """Features ``(n, c·side²)`` to maps ``(n, c, side, side)``, channels last.

    Args:
        channels: c.
        side: Height and width.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.shape = (channels, side, side)

    def forward(self, features: Tensor) -> Tensor:
        return channels_last(features.unflatten(1, self.shape))


class _WithGradientLayout(torch.autograd.Function):
    """The identity, whose gradient has channels last."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> Tensor:
        return maps.view_as(maps)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        return channels_last(slope)

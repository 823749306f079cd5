"""Convolutions of stride 2 with TensorFlow's 'same' padding, and their transposes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.grad import conv2d_weight


class SameConv2d(nn.Conv2d):
    """Convolution of stride 2 with TensorFlow's 'same' padding: the output is half the input.

    For kernel 5 that pads one row before and two after; torch's symmetric padding would shift the
    grid by one pixel.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel, stride=2)
        self.pad = ((kernel - 2) // 2, (kernel - 1) // 2)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self.pad * 2))


class SameConvTranspose2d(nn.ConvTranspose2d):
    """The transpose of :class:`SameConv2d`: the output is twice the input."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel, stride=2, padding=(kernel - 2) // 2)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        height, width = 2 * x.shape[-2], 2 * x.shape[-1]
        if self.out_channels == 1 and x.device.type == "cpu":
            # Torch takes as long to one channel as to sixteen; to three, columns do not always pay.
            first = int(self.padding[0])
            assert self.bias is not None
            images: Tensor = ToImages.apply(x, self.weight)
            return images[..., first : first + height, first : first + width] + self.bias
        return super().forward(x, output_size)[..., :height, :width]


class ToImages(torch.autograd.Function):
    """Transposed convolution of stride 2: a matrix product, whose columns are added in place.

    Maps ``(n, m, h, w)`` and a kernel ``(m, c, k, k)`` to images
    ``(n, c, 2h + k - 2, 2w + k - 2)``. The gradients are those of torch's own.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(maps, weight)
        kernel = weight.shape[-1]
        height, width = (2 * side + kernel - 2 for side in maps.shape[-2:])
        columns = weight.flatten(1).T @ maps.flatten(2)
        return F.fold(columns, (height, width), kernel, stride=2)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        maps, weight = ctx.saved_tensors
        by_maps, by_weight = ctx.needs_input_grad
        return (
            F.conv2d(slope, weight, stride=2) if by_maps else None,
            conv2d_weight(slope, weight.shape, maps, stride=2) if by_weight else None,
        )

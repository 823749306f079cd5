"""The DCGAN pair of the O-GAN author's code, for resolutions 8·2^k from 16 to 256 pixels.

With width w and L = log2(resolution) - 3, the encoder has L + 1 convolutions of stride 2 with
w, 2w, ..., w·2^L channels down to 4 x 4 and a dense layer to the code; the generator mirrors it.
Constants follow Keras, in which the author wrote: kernels N(0, 0.02), zero biases, batch norm with
eps 1e-3 and momentum 0.99 (0.01 in torch's sense).

References:
    J. Su, O-GAN: Extremely Concise Approach for Auto-Encoding Generative Adversarial Networks,
    2019, https://arxiv.org/abs/1903.01931
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError

BATCH_NORM_EPS = 1e-3
BATCH_NORM_MOMENTUM = 0.01
LEAK = 0.2
BASE = 4  # height and width of the smallest feature map


def dcgan(
    shape: ImageShape,
    *,
    z_dim: PositiveInt = 128,
    width: PositiveInt = 64,
    encoder_kernel: Literal[4, 5] = 5,
    generator_kernel: Literal[4, 5] = 5,
) -> tuple[nn.Module, nn.Module]:
    """The author's DCGAN pair: strided convolutions, batch norm, no pooling.

    Args:
        shape: Channels, height and width of the images.
        z_dim: Dimensions of z and of the encoder's output.
        width: Channels of the widest feature map; doubles at every halving of the resolution.
        encoder_kernel: Size of the encoder's kernels.
        generator_kernel: Size of the generator's kernels.

    Returns:
        Encoder ``(n, c, h, w) -> (n, z_dim)`` and generator ``(n, z_dim) -> (n, c, h, w)``.

    Raises:
        UserError: The images are not square or their side is not 16, 32, 64, 128 or 256.
    """
    levels = math.log2(shape.height) - 3
    if shape.height != shape.width or levels not in (1, 2, 3, 4, 5):
        raise UserError(
            f"model dcgan takes square images of 16, 32, 64, 128 or 256 pixels, not "
            f"{shape.height} x {shape.width}: set data.resolution"
        )
    widths = [width * 2**level for level in range(int(levels) + 1)]
    return (
        Encoder(shape.channels, widths, z_dim, encoder_kernel),
        Generator(shape.channels, widths, z_dim, generator_kernel),
    )


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
        return super().forward(x, output_size)[..., :height, :width]


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with Keras's constants."""
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPS, momentum=BATCH_NORM_MOMENTUM)


class Encoder(nn.Sequential):
    """E: images in [-1, 1] to raw codes; no batch norm on the first layer nor on the output."""

    def __init__(self, channels: int, widths: list[int], z_dim: int, kernel: int) -> None:
        layers: list[nn.Module] = [SameConv2d(channels, widths[0], kernel), nn.LeakyReLU(LEAK)]
        for inputs, outputs in pairwise(widths):
            layers += [
                SameConv2d(inputs, outputs, kernel),
                batch_norm(outputs),
                nn.LeakyReLU(LEAK),
            ]
        layers += [nn.Flatten(), nn.Linear(widths[-1] * BASE**2, z_dim)]
        super().__init__(*layers)


class Generator(nn.Sequential):
    """G: z to images in [-1, 1]; batch norm and ReLU on all layers but the last."""

    def __init__(self, channels: int, widths: list[int], z_dim: int, kernel: int) -> None:
        layers: list[nn.Module] = [
            nn.Linear(z_dim, widths[-1] * BASE**2),
            nn.Unflatten(1, (widths[-1], BASE, BASE)),
            batch_norm(widths[-1]),
            nn.ReLU(),
        ]
        for inputs, outputs in pairwise(widths[::-1]):
            layers += [SameConvTranspose2d(inputs, outputs, kernel), batch_norm(outputs), nn.ReLU()]
        layers += [SameConvTranspose2d(widths[0], channels, kernel), nn.Tanh()]
        super().__init__(*layers)

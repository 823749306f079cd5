"""The DCGAN pair of the O-GAN author's code, for resolutions 8·2^k from 16 to 256 pixels.

With width w and L = log2(resolution) - 3, the encoder has L + 1 convolutions of stride 2 with
w, 2w, ..., w·2^L channels down to 4 x 4 and a dense layer to the code; the generator mirrors it.
Constants follow Keras, which the author used: kernels N(0, 0.02), zero biases, batch norm with eps
1e-3 and momentum 0.99 (0.01 in torch's sense).

References:
    J. Su, O-GAN: Extremely Concise Approach for Auto-Encoding Generative Adversarial Networks,
    2019, https://arxiv.org/abs/1903.01931
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

from pydantic import PositiveInt
from torch import nn

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models import spectral
from ogan_bench.models.base import LEAK, Architecture, Encoder
from ogan_bench.models.layout import Flatten, Unflatten
from ogan_bench.models.modulation import ModulatedGenerator, Modulation
from ogan_bench.models.strided import SameConv2d, SameConvTranspose2d

BATCH_NORM_EPS = 1e-3
BATCH_NORM_MOMENTUM = 0.01
BASE = 4  # height and width of the smallest feature map


def dcgan(
    shape: ImageShape,
    classes: int,
    *,
    z_dim: PositiveInt = 128,
    width: PositiveInt = 64,
    encoder_kernel: Literal[4, 5] = 5,
    generator_kernel: Literal[4, 5] = 5,
    modulation: Literal["none", "self", "class", "additive"] = "none",
    spectral_norm: bool = False,
    spectral_heads: bool = True,
) -> Architecture:
    """The author's DCGAN pair: strided convolutions, batch norm, no pooling.

    With ``modulation: self`` and kernels of size 4 it is the pair of his later scripts.

    Args:
        shape: Channels, height and width of the images.
        classes: Number of classes of the images.
        z_dim: Dimensions of z.
        width: Channels of the largest feature map; doubled at every halving of the resolution.
        encoder_kernel: Size of the encoder's kernels.
        generator_kernel: Size of the generator's kernels.
        modulation: What the scale and shift of the generator's batch norms depend on: nothing, z,
            the class, or both; see :mod:`~ogan_bench.models.modulation`.
        spectral_norm: Whether the kernels of encoders and critics are divided by their largest
            singular value.
        spectral_heads: Whether those are too that an objective adds: score heads, class vectors and
            joint layers. Without them nothing bounds the slope of the score.

    Raises:
        UserError: The images are not square, their side is not 16, 32, 64, 128 or 256, or a
            conditional generator is requested without classes.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
        A. Radford, L. Metz and S. Chintala, DCGAN, 2016, https://arxiv.org/abs/1511.06434
    """
    levels = math.log2(shape.height) - 3
    if shape.height != shape.width or levels not in (1, 2, 3, 4, 5):
        raise UserError(
            f"model dcgan takes square images of 16, 32, 64, 128 or 256 pixels, not "
            f"{shape.height} x {shape.width}: set data.resolution"
        )
    widths = [width * 2**level for level in range(int(levels) + 1)]
    norms = Modulation(modulation, z_dim, classes, BATCH_NORM_EPS, BATCH_NORM_MOMENTUM)

    def new_encoder(outputs: int, images: int = 1) -> Encoder:
        net = encoder(images * shape.channels, widths, outputs, encoder_kernel)
        return spectral.normalised(net) if spectral_norm else net

    return Architecture(
        z_dim,
        new_encoder,
        lambda: generator(shape.channels, widths, generator_kernel, norms),
        classes,
        packed_critic=lambda images: new_encoder(1, images),
        spectral_norm=spectral_norm and spectral_heads,
    )


def encoder(channels: int, widths: list[int], outputs: int, kernel: int) -> Encoder:
    """E: images in [-1, 1] to raw outputs; no batch norm on the first layer nor on the output."""
    layers: list[nn.Module] = [SameConv2d(channels, widths[0], kernel), nn.LeakyReLU(LEAK)]
    for before, after in pairwise(widths):
        layers += [
            SameConv2d(before, after, kernel),
            nn.BatchNorm2d(after, eps=BATCH_NORM_EPS, momentum=BATCH_NORM_MOMENTUM),
            nn.LeakyReLU(LEAK),
        ]
    features = widths[-1] * BASE**2
    return Encoder(nn.Sequential(*layers, Flatten()), nn.Linear(features, outputs))


def generator(
    channels: int, widths: list[int], kernel: int, modulation: Modulation
) -> ModulatedGenerator:
    """G: z to images in [-1, 1]; batch norm and ReLU on all layers but the last."""
    layers: list[nn.Module] = [
        nn.Linear(modulation.z_dim, widths[-1] * BASE**2),
        Unflatten(widths[-1], BASE),
        modulation.norm(widths[-1]),
        nn.ReLU(),
    ]
    for inputs, outputs in pairwise(widths[::-1]):
        layers += [
            SameConvTranspose2d(inputs, outputs, kernel),
            modulation.norm(outputs),
            nn.ReLU(),
        ]
    layers += [SameConvTranspose2d(widths[0], channels, kernel), nn.Tanh()]
    return ModulatedGenerator(layers, modulation)

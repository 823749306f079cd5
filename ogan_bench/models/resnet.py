"""The ResNet pair of SNGAN, for 16, 32, 64 and 128 pixels.

G maps z to 4 x 4 by a dense layer and doubles the side in every residual block; E begins with a
block without ReLU in front, sums its last feature map over all positions, and has no batch norm.
``width`` is the smallest number of channels of the paper's nets at 64 and 128 pixels; at 32 pixels
all blocks of G have 4 times as many, and those of E 2 times. So the default of 64 gives the sizes
of the paper.

The paper has no nets for 16 pixels: ours leave out one block that changes the side, in both nets. E
has a bias on its output at all sizes.

Constants follow Chainer, which the authors used: Glorot's uniform kernels, with a gain of √2 within
residual blocks, and batch norm with eps 2e-5 and decay 0.9 (0.1 in torch's sense).

References:
    T. Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018,
    https://arxiv.org/abs/1802.05957
    T. Miyato and M. Koyama, cGANs with Projection Discriminator, 2018,
    https://arxiv.org/abs/1802.05637 (64 and 128 pixels)
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

from pydantic import PositiveInt
from torch import Tensor, nn

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models import spectral
from ogan_bench.models.base import Architecture, Encoder
from ogan_bench.models.initialisation import GlorotUniform
from ogan_bench.models.layout import Unflatten
from ogan_bench.models.modulation import Chain, Conditioned, ModulatedGenerator, Modulation

BATCH_NORM_EPS = 2e-5
BATCH_NORM_MOMENTUM = 0.1
BASE = 4  # height and width of the generator's smallest feature map

GENERATOR = {
    16: (4, 4, 4),
    32: (4, 4, 4, 4),
    64: (16, 8, 4, 2, 1),
    128: (16, 16, 8, 4, 2, 1),
}
"""Side of the images -> channels in units of ``width``: of the dense layer, then of every block."""

ENCODER = {
    16: ((2, True), (2, False), (2, False)),
    32: ((2, True), (2, True), (2, False), (2, False)),
    64: ((1, True), (2, True), (4, True), (8, True), (16, True)),
    128: ((1, True), (2, True), (4, True), (8, True), (16, True), (16, False)),
}
"""Side of the images -> channels in units of ``width``, and whether it halves, of every block."""


def resnet(
    shape: ImageShape,
    classes: int,
    *,
    z_dim: PositiveInt = 128,
    width: PositiveInt = 64,
    modulation: Literal["none", "self", "class", "additive"] = "none",
    spectral_norm: bool = True,
    spectral_heads: bool = True,
) -> Architecture:
    """The ResNet pair of SNGAN: residual blocks, spectral norm, no batch norm in the encoder.

    Args:
        shape: Channels, height and width of the images.
        classes: Number of classes of the images.
        z_dim: Dimensions of z.
        width: Channels of the largest feature map at 64 and 128 pixels; at 16 and 32 pixels all
            maps of the generator have 4 times as many, those of the encoder 2 times.
        modulation: What the scale and shift of the generator's batch norms depend on: nothing, z,
            the class, or both; see :mod:`~ogan_bench.models.modulation`.
        spectral_norm: Whether the kernels of encoders and critics are divided by their largest
            singular value.
        spectral_heads: Whether those are too that an objective adds: score heads, class vectors and
            joint layers. Without them nothing bounds the slope of the score.

    Raises:
        UserError: The images are not square, their side is not 16, 32, 64 or 128, or a conditional
            generator is requested without classes.

    References:
        T. Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018,
        https://arxiv.org/abs/1802.05957
    """
    side = shape.height
    if shape.width != side or side not in GENERATOR:
        raise UserError(
            f"model resnet takes square images of 16, 32, 64 or 128 pixels, not "
            f"{shape.height} x {shape.width}: set data.resolution"
        )
    norms = Modulation(modulation, z_dim, classes, BATCH_NORM_EPS, BATCH_NORM_MOMENTUM)
    up = [width * times for times in GENERATOR[side]]
    down = [(width * times, halves) for times, halves in ENCODER[side]]

    def new_encoder(outputs: int, images: int = 1) -> Encoder:
        net = encoder(images * shape.channels, down, outputs)
        return spectral.normalised(net) if spectral_norm else net

    return Architecture(
        z_dim,
        new_encoder,
        lambda: generator(shape.channels, up, norms),
        classes,
        packed_critic=lambda images: new_encoder(1, images),
        spectral_norm=spectral_norm and spectral_heads,
    )


class ResidualConv2d(nn.Conv2d):
    """Convolution within a residual block, of kernel 3: the side is kept."""

    initial = GlorotUniform(math.sqrt(2))

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)


class UpBlock(Conditioned):
    """Residual block that doubles the side."""

    def __init__(self, inputs: int, outputs: int, modulation: Modulation) -> None:
        super().__init__()
        self.residual = Chain(
            [
                modulation.norm(inputs),
                nn.ReLU(),
                nn.Upsample(scale_factor=2),
                ResidualConv2d(inputs, outputs),
                modulation.norm(outputs),
                nn.ReLU(),
                ResidualConv2d(outputs, outputs),
            ]
        )
        # A kernel of 1 commutes with resizing, and costs a quarter on the smaller map.
        self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.Upsample(scale_factor=2))

    def forward(self, h: Tensor, condition: Tensor) -> Tensor:
        added: Tensor = self.residual(h, condition) + self.shortcut(h)
        return added


class DownBlock(nn.Module):
    """Residual block that halves the side, or keeps it.

    Args:
        inputs: Channels of the input.
        outputs: Channels of the output.
        halves: Whether the side is halved.
        first: Whether the input is images, to which ReLU is not applied.
    """

    def __init__(self, inputs: int, outputs: int, *, halves: bool, first: bool) -> None:
        super().__init__()
        hidden = outputs if first else inputs
        resize = nn.AvgPool2d if halves else nn.Identity
        self.residual = nn.Sequential(
            nn.Identity() if first else nn.ReLU(),
            ResidualConv2d(inputs, hidden),
            nn.ReLU(),
            ResidualConv2d(hidden, outputs),
            resize(2),
        )
        projected = halves or inputs != outputs
        project = nn.Conv2d(inputs, outputs, 1) if projected else nn.Identity()
        self.shortcut = nn.Sequential(resize(2), project)

    def forward(self, h: Tensor) -> Tensor:
        added: Tensor = self.residual(h) + self.shortcut(h)
        return added


class SumPool(nn.Module):
    """Sum over all positions: ``(n, c, h, w)`` to ``(n, c)``."""

    def forward(self, h: Tensor) -> Tensor:
        return h.sum(dim=(2, 3))


class ResNetEncoder(Encoder):
    """E, with the authors' initial weights."""

    initial = GlorotUniform()


class ResNetGenerator(ModulatedGenerator):
    """G, with the authors' initial weights."""

    initial = GlorotUniform()


def encoder(channels: int, blocks: list[tuple[int, bool]], outputs: int) -> Encoder:
    """E: images in [-1, 1] to raw outputs."""
    layers: list[nn.Module] = []
    inputs = channels
    for width, halves in blocks:
        layers.append(DownBlock(inputs, width, halves=halves, first=not layers))
        inputs = width
    trunk = nn.Sequential(*layers, nn.ReLU(), SumPool())
    return ResNetEncoder(trunk, nn.Linear(inputs, outputs))


def generator(channels: int, widths: list[int], modulation: Modulation) -> ModulatedGenerator:
    """G: z to images in [-1, 1]."""
    layers = [
        nn.Linear(modulation.z_dim, widths[0] * BASE**2),
        Unflatten(widths[0], BASE),
        *(UpBlock(before, after, modulation) for before, after in pairwise(widths)),
        modulation.norm(widths[-1]),
        nn.ReLU(),
        nn.Conv2d(widths[-1], channels, 3, padding=1),
        nn.Tanh(),
    ]
    return ResNetGenerator(layers, modulation)

"""Dense nets, for points in the plane and for small images.

Two hidden layers of 128 ReLU units without batch norm and Glorot's uniform kernels are the
generator of VEEGAN's experiments on rings and grids of Gaussians, z of two dimensions that of
PacGAN's. LeakyReLU in the encoder is our choice: it lets a gradient through wherever G(z) lies.

Correlation over two dimensions is ±1 whatever the code, so an objective with ρ needs a larger z.

References:
    A. Srivastava et al., VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational
    Learning, 2017, https://arxiv.org/abs/1705.07761
    Z. Lin et al., PacGAN: The power of two samples in generative adversarial networks, 2018,
    https://arxiv.org/abs/1712.04086
"""

from __future__ import annotations

import math

from pydantic import PositiveInt
from torch import Tensor, nn

from ogan_bench.data.base import ImageShape
from ogan_bench.models.base import LEAK, Architecture, Encoder, Generator, hidden_layers
from ogan_bench.models.initialisation import GlorotUniform


def mlp(
    shape: ImageShape,
    classes: int,
    *,
    z_dim: PositiveInt = 2,
    width: PositiveInt = 128,
    layers: PositiveInt = 2,
) -> Architecture:
    """Dense nets without batch norm, for points in the plane and for small images.

    Args:
        shape: Channels, height and width of the images; points are images of one pixel.
        classes: Number of classes of the images.
        z_dim: Dimensions of z.
        width: Units of a hidden layer.
        layers: Number of hidden layers in each net.

    References:
        A. Srivastava et al., VEEGAN, 2017, https://arxiv.org/abs/1705.07761
    """

    def new_encoder(outputs: int, images: int = 1) -> Encoder:
        return encoder(images * math.prod(shape), width, layers, outputs)

    return Architecture(
        z_dim,
        new_encoder,
        lambda: MLPGenerator(shape, width, layers, z_dim),
        classes,
        packed_critic=lambda images: new_encoder(1, images),
    )


class MLPEncoder(Encoder):
    """E, with initial weights for nets without batch norm."""

    initial = GlorotUniform()


def encoder(inputs: int, width: int, layers: int, outputs: int) -> Encoder:
    """E: images or points of ``inputs`` numbers to raw outputs."""
    hidden = hidden_layers(
        inputs, hidden=width, layers=layers, activation=lambda: nn.LeakyReLU(LEAK)
    )
    return MLPEncoder(nn.Sequential(nn.Flatten(), *hidden), nn.Linear(width, outputs))


class MLPGenerator(Generator):
    """G: z to images in [-1, 1], or to points anywhere in the plane."""

    initial = GlorotUniform()

    def __init__(self, shape: ImageShape, width: int, layers: int, z_dim: int) -> None:
        super().__init__()
        hidden = hidden_layers(z_dim, hidden=width, layers=layers, activation=nn.ReLU)
        is_point = shape.height == shape.width == 1
        self.layers = nn.Sequential(
            *hidden,
            nn.Linear(width, math.prod(shape)),
            nn.Unflatten(1, tuple(shape)),
            *([] if is_point else [nn.Tanh()]),
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.layers(z)
        return images

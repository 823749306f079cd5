"""What every architecture provides: encoders of any output width, and generators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from ogan_bench.models.initialisation import GlorotUniform

LEAK = 0.2
"""Slope of LeakyReLU."""


class Encoder(nn.Module):
    """E(x) = head(trunk(x)).

    Args:
        trunk: Images ``(n, c, h, w)`` to features ``(n, features)``.
        head: Features to the raw output e, shape ``(n, outputs)``.
    """

    def __init__(self, trunk: nn.Module, head: nn.Linear) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head
        self.score_head: nn.Module | None = None
        """A readout's own parameters; they belong to the encoder and are trained with it."""

    @property
    def features(self) -> int:
        """Width of the features."""
        return self.head.in_features

    def forward(self, x: Tensor) -> Tensor:
        e: Tensor = self.head(self.trunk(x))
        return e


class Generator(nn.Module):
    """G: z ``(n, d)`` to images ``(n, c, h, w)``, of given classes if it is conditional."""

    conditional = False
    """Whether it uses labels."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images in the range of the data.

        Args:
            z: Shape ``(n, d)``.
            labels: Class indices, shape ``(n,)``; an unconditional generator ignores them.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Architecture:
    """A family of nets for images of one shape.

    Args:
        z_dim: Dimensions d of z.
        encoder: Width of the raw output -> new encoder; critics are encoders of width 1.
        generator: Makes a new generator.
        classes: Number of classes of the images; 0 without labels.
        packed_critic: Number of images -> new critic of packs of that size, concatenated along
            their channels; ``None``: this architecture has no such critic.
        spectral_norm: Whether all kernels of E and of critics are to be divided by their largest
            singular value, also those that an objective adds to what is built here.
    """

    z_dim: int
    encoder: Callable[[int], Encoder]
    generator: Callable[[], Generator]
    classes: int
    packed_critic: Callable[[int], Encoder] | None = None
    spectral_norm: bool = False


class Perceptron(nn.Sequential):
    """Dense layers; N(0, 0.02) would be too small for nets without batch norm."""

    initial = GlorotUniform()


def hidden_layers(
    inputs: int, *, hidden: int, layers: int, activation: Callable[[], nn.Module]
) -> list[nn.Module]:
    """``layers`` dense layers of ``hidden`` units, each with its activation."""
    found: list[nn.Module] = []
    for before, after in pairwise([inputs, *[hidden] * layers]):
        found += [nn.Linear(before, after), activation()]
    return found


def mlp(inputs: int, outputs: int, *, hidden: int, layers: int = 1) -> Perceptron:
    """Dense layers with LeakyReLU between them; ``layers`` hidden ones."""
    body = hidden_layers(
        inputs, hidden=hidden, layers=layers, activation=lambda: nn.LeakyReLU(LEAK)
    )
    return Perceptron(*body, nn.Linear(hidden, outputs))

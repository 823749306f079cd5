"""Modulation: batch norm whose scale and shift depend on z, on the class, or on both.

::

    h  →  (1 + γ(c)) · (h - mean) / std + β(c)

* ``self``: c = z; γ and β are two dense layers with ReLU between them, and d hidden units.
* ``class``: c is the class, γ and β are its embeddings, 0 at the start.
* ``additive``: as ``self`` with c = z + A(class) + B(class) ⊙ z; the embeddings A and B are 0 at
  the start, so that the generator begins as the unconditional one. z itself, not c, enters the
  first layer: the author gives the formula only for γ and β, the rest is our interpretation.

References:
    T. Chen et al., On Self Modulation for Generative Adversarial Networks, 2019,
    https://arxiv.org/abs/1810.01365
    J. Su, O-GAN, 2019, https://github.com/bojone/o-gan (o_gan_celeba_sm_4x4.py), with γ + 1
    J. Su, From DCGAN to SELF-MOD, 2019, https://kexue.fm/archives/6549 (the additive form)
    V. Dumoulin, J. Shlens and M. Kudlur, A Learned Representation for Artistic Style, 2017,
    https://arxiv.org/abs/1610.07629
    T. Miyato and M. Koyama, cGANs with Projection Discriminator, 2018,
    https://arxiv.org/abs/1802.05637
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from ogan_bench.errors import UserError
from ogan_bench.models.base import Generator
from ogan_bench.models.initialisation import GlorotUniform, Initial, Zero


class Conditioned(nn.Module):
    """A layer that takes a condition besides its input."""


class Chain(Conditioned, nn.ModuleList):
    """Layers in sequence, with the condition passed to those that take one."""

    def forward(self, h: Tensor, condition: Tensor) -> Tensor:
        for layer in self:
            h = layer(h, condition) if isinstance(layer, Conditioned) else layer(h)
        return h


class Modulated(Conditioned):
    """(1 + γ(condition)) · norm(h) + β(condition).

    Args:
        norm: Batch norm without scale and shift of its own.
        gamma: Conditions to ``(n, channels)``.
        beta: Likewise.
        initial: Initialisation of gamma and beta.
    """

    def __init__(
        self, norm: nn.BatchNorm2d, gamma: nn.Module, beta: nn.Module, initial: Initial
    ) -> None:
        super().__init__()
        self.norm = norm
        self.gamma = gamma
        self.beta = beta
        self.initial = initial

    def forward(self, h: Tensor, condition: Tensor) -> Tensor:
        gamma: Tensor = self.gamma(condition)[:, :, None, None]
        beta: Tensor = self.beta(condition)[:, :, None, None]
        normed: Tensor = self.norm(h)
        return (1 + gamma) * normed + beta


class LabelledNoise(nn.Module):
    """c = z + A(class) + B(class) ⊙ z."""

    initial = Zero()

    def __init__(self, z_dim: int, classes: int) -> None:
        super().__init__()
        self.shift = nn.Embedding(classes, z_dim)
        self.scale = nn.Embedding(classes, z_dim)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        shifted: Tensor = z + self.shift(labels) + self.scale(labels) * z
        return shifted


@dataclass(frozen=True)
class Modulation:
    """Kind and constants of a generator's batch norms.

    Args:
        kind: See above; ``none`` is plain batch norm.
        z_dim: Dimensions d of z.
        classes: Number of classes; 0 without labels.
        eps: Of batch norm.
        momentum: Of batch norm, in torch's sense.

    Raises:
        UserError: It depends on the class and there are no classes.
    """

    kind: Literal["none", "self", "class", "additive"]
    z_dim: int
    classes: int
    eps: float
    momentum: float

    def __post_init__(self) -> None:
        if self.conditional and self.classes == 0:
            raise UserError(f"modulation {self.kind!r} needs a dataset with labels")

    @property
    def conditional(self) -> bool:
        """Whether it depends on the class."""
        return self.kind in ("class", "additive")

    def norm(self, channels: int) -> nn.Module:
        """Batch norm for feature maps with ``channels`` channels."""
        plain = self.kind == "none"
        norm = nn.BatchNorm2d(channels, eps=self.eps, momentum=self.momentum, affine=plain)
        if plain:
            return norm
        gamma, beta = self._of_condition(channels), self._of_condition(channels)
        return Modulated(norm, gamma, beta, Zero() if self.kind == "class" else GlorotUniform())

    def _of_condition(self, channels: int) -> nn.Module:
        if self.kind == "class":
            return nn.Embedding(self.classes, channels)
        d = self.z_dim
        return nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, channels))


class ModulatedGenerator(Generator):
    """G: z through layers, some of which are modulated.

    Args:
        layers: z to images.
        modulation: Modulation of their norms.
    """

    def __init__(self, layers: list[nn.Module], modulation: Modulation) -> None:
        super().__init__()
        self.layers = Chain(layers)
        self.conditional = modulation.conditional
        self.labelled = (
            LabelledNoise(modulation.z_dim, modulation.classes)
            if modulation.kind == "additive"
            else None
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.layers(z, self._condition(z, labels))
        return images

    def _condition(self, z: Tensor, labels: Tensor | None) -> Tensor:
        if not self.conditional:
            return z
        if labels is None:
            raise ValueError("a conditional generator needs labels")
        if self.labelled is None:
            return labels
        condition: Tensor = self.labelled(z, labels)
        return condition

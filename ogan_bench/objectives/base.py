"""What an objective is: it scores a batch twice, once for E and once for G."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Protocol

from torch import Tensor, nn

LossTerms = Mapping[str, Tensor]
"""Named, weighted, unreduced terms, each of shape ``(n,)``; their sum is the loss per sample."""


class Pass:
    """One batch seen through E and G; every tensor is computed on first use and then kept.

    Simultaneous updates hand the same pass to both losses, so G(z) and E(G(z)) are computed once.
    The generated images are cut off from G's graph: the encoder's loss cannot reach G, and the
    generator's loss reaches it through the gradient that arrives at :attr:`x_fake`.

    Real and generated images go through E as separate batches, as in the author's code, so batch
    norm takes its statistics from each alone.

    Args:
        encoder: E, images ``(n, c, h, w)`` to raw codes ``(n, d)``.
        generator: G, z ``(n, d)`` to images ``(n, c, h, w)`` in [-1, 1].
        x: Real images, shape ``(n, c, h, w)``.
        z: Prior samples, shape ``(n, d)``.
    """

    def __init__(self, encoder: nn.Module, generator: nn.Module, x: Tensor, z: Tensor) -> None:
        self.encoder = encoder
        self.generator = generator
        self.x = x
        self.z = z

    @cached_property
    def generated(self) -> Tensor:
        """G(z) with its graph."""
        images: Tensor = self.generator(self.z)
        return images

    @cached_property
    def x_fake(self) -> Tensor:
        """G(z) without its graph, a leaf that collects the gradient meant for G."""
        return self.generated.detach().requires_grad_()

    @cached_property
    def e_real(self) -> Tensor:
        """E(x), shape ``(n, d)``."""
        codes: Tensor = self.encoder(self.x)
        return codes

    @cached_property
    def e_fake(self) -> Tensor:
        """E(G(z)), shape ``(n, d)``."""
        codes: Tensor = self.encoder(self.x_fake)
        return codes


class Objective(Protocol):
    """What E and G minimise. Stateless: parameters live in the nets."""

    def encoder_loss(self, batch: Pass) -> LossTerms:
        """Terms that E minimises."""

    def generator_loss(self, batch: Pass) -> LossTerms:
        """Terms that G minimises."""

    def diagnostics(self, batch: Pass) -> LossTerms:
        """Quantities worth logging, per sample, made of what the losses computed anyway."""

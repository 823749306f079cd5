"""What an objective is: it scores a batch once for every net that is trained.

Every net has a loss of its own, and the gradient of that loss is addressed to that net alone. So
nothing in here is detached or frozen for the sake of another net; a term is detached only where the
formula of the paper says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor, nn

from ogan_bench.models.base import Architecture, Encoder, Generator

LossTerms = Mapping[str, Tensor]
"""Named, weighted, unreduced terms, each of shape ``(n,)``; their sum is the loss per sample."""

Net = Literal["encoder", "generator", "critic"]

Projection = Literal["standardise", "sphere", "none"]


@dataclass(frozen=True)
class Nets:
    """All that is trained.

    Args:
        encoder: E.
        generator: G.
        critic: Whatever else an objective needs; it has no part in what is evaluated.
    """

    encoder: Encoder
    generator: Generator
    critic: nn.Module | None = None

    def named(self) -> dict[Net, nn.Module]:
        """The nets that are there."""
        found: dict[Net, nn.Module] = {"encoder": self.encoder, "generator": self.generator}
        return found if self.critic is None else {**found, "critic": self.critic}


def unchanged(images: Tensor, random: torch.Generator) -> Tensor:
    """No augmentation."""
    del random
    return images


@dataclass(frozen=True)
class Batch:
    """What a step draws.

    Args:
        x: Real images, shape ``(n, c, h, w)``.
        z: Prior samples, shape ``(n, d)``.
        labels: Classes of the real images, shape ``(n,)``; ``None`` where the data has none.
        z_labels: Classes of the images to generate, drawn as often as in the data.
        progress: Share of the training that is done, in [0, 1).
        random: Name of a draw to its generator, which depends on seed, step and name alone.
        augment: What is done to images before an encoder sees them.
    """

    x: Tensor
    z: Tensor
    labels: Tensor | None
    z_labels: Tensor | None
    progress: float
    random: Callable[[str], torch.Generator]
    augment: Callable[[Tensor, torch.Generator], Tensor] = unchanged


class ForwardPass:
    """One batch seen through the nets; every tensor is computed on first use and then kept.

    Simultaneous updates hand the same pass to all losses, so G(z) and E(G(z)) are computed once.
    The generated images are cut off from G's graph: other losses cannot reach G through them, and
    the generator's loss reaches it through the gradient that arrives at :attr:`x_fake`.

    Real and generated images go through E as separate batches, as in the author's code, so batch
    norm takes its statistics from each alone.

    Args:
        nets: E, G and what else there is.
        batch: What the step has drawn.
    """

    def __init__(self, nets: Nets, batch: Batch) -> None:
        self.nets = nets
        self.batch = batch
        self.z, self.progress = batch.z, batch.progress
        self.labels, self.z_labels = batch.labels, batch.z_labels

    @cached_property
    def x(self) -> Tensor:
        """Real images as an encoder sees them, a leaf for penalties on gradients."""
        seen = self.batch.augment(self.batch.x, self.batch.random("augment real"))
        return seen.detach().requires_grad_()

    @cached_property
    def generated(self) -> Tensor:
        """G(z) with its graph."""
        images: Tensor = self.nets.generator(self.z, self.z_labels)
        return images

    @cached_property
    def leaf(self) -> Tensor:
        """G(z) without its graph, a leaf that collects the gradient meant for G."""
        return self.generated.detach().requires_grad_()

    @cached_property
    def x_fake(self) -> Tensor:
        """G(z), from the leaf on, as an encoder sees it."""
        return self.batch.augment(self.leaf, self.batch.random("augment fake"))

    @cached_property
    def features_real(self) -> Tensor:
        """Features of E at x, shape ``(n, features)``."""
        features: Tensor = self.nets.encoder.trunk(self.x)
        return features

    @cached_property
    def features_fake(self) -> Tensor:
        """Features of E at G(z), shape ``(n, features)``."""
        features: Tensor = self.nets.encoder.trunk(self.x_fake)
        return features

    @cached_property
    def e_real(self) -> Tensor:
        """E(x), shape ``(n, outputs)``."""
        e: Tensor = self.nets.encoder.head(self.features_real)
        return e

    @cached_property
    def e_fake(self) -> Tensor:
        """E(G(z)), shape ``(n, outputs)``."""
        e: Tensor = self.nets.encoder.head(self.features_fake)
        return e

    @property
    def critic(self) -> nn.Module:
        """The net of that name.

        Raises:
            ValueError: There is none.
        """
        if self.nets.critic is None:
            raise ValueError("this objective has no critic")
        return self.nets.critic

    def once(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        """A tensor that is made when a loss first needs it, and then kept with the pass."""
        kept = vars(self)
        if name not in kept:
            kept[name] = make()
        tensor: Tensor = kept[name]
        return tensor

    def noise(self, name: str, like: Tensor) -> Tensor:
        """Standard normal numbers of the shape of ``like``; the same for the same name and step."""
        drawn = torch.randn(like.shape, generator=self.batch.random(name))
        return drawn.to(like.device, like.dtype)

    def uniform(self, name: str, like: Tensor) -> Tensor:
        """Numbers in [0, 1), one per sample, shape ``(n, 1, 1, 1)``."""
        drawn = torch.rand(len(like), 1, 1, 1, generator=self.batch.random(name))
        return drawn.to(like.device, like.dtype)


class Objective(ABC):
    """What the nets minimise. Stateless: parameters live in the nets."""

    updated_first: tuple[Net, ...] = ("critic",)
    """Nets that alternating updates move before the others."""

    @property
    def projection(self) -> Projection:
        """What belongs between E and G in autoencoding.

        N(·) where the code's average and norm are free, the sphere of radius √d where its norm
        alone is, nothing where G takes the code as it is.
        """
        return "none"

    @property
    def adversarial_lower_bound(self) -> float | None:
        """Infimum of E's term named ``adversarial``, approached as E tells all images apart.

        ``None`` where E has no such term or the term has no such bound.
        """
        return None

    def build(self, architecture: Architecture) -> Nets:
        """The nets before the first step, with weights still to be drawn."""
        return Nets(architecture.encoder(architecture.z_dim), architecture.generator())

    def prior(self, z: Tensor) -> Tensor:
        """Prior samples, made of standard normal ones of the same shape."""
        return z

    @abstractmethod
    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        """Terms that E minimises; no terms: E rests in this step."""

    @abstractmethod
    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        """Terms that G minimises; no terms: G rests in this step."""

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        """Terms that the critic minimises, where there is one."""
        raise NotImplementedError

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        """Quantities worth logging, per sample, made of what the losses computed anyway."""
        return {}

    def code(self, e: Tensor, d: int) -> Tensor:
        """The code within the raw output of E, shape ``(n, d)``: its first d numbers."""
        return e[:, :d]

    def latent(self, generator: Generator, z: Tensor) -> Tensor:
        """What the code of G(z) is to equal, shape ``(n, d)``: z, unless G maps it first."""
        return z

    def decode(self, generator: Generator, code: Tensor, labels: Tensor | None) -> Tensor:
        """The images of codes."""
        images: Tensor = generator(code, labels)
        return images

    def loss(self, net: Net, batch: ForwardPass) -> LossTerms:
        """Terms that a net minimises."""
        losses = {
            "encoder": self.encoder_loss,
            "generator": self.generator_loss,
            "critic": self.critic_loss,
        }
        return losses[net](batch)

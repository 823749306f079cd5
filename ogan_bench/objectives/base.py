"""Objectives: the losses of all nets that are trained, computed from one batch.

Every net has its own loss, whose gradient is taken with respect to that net alone. So nothing here
is detached or frozen for the sake of another net; a term is detached only where the paper's formula
says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.models.base import Architecture, Encoder, Generator
from ogan_bench.models.normalization import centre, on_sphere, standardise
from ogan_bench.objectives.forward_pass import ForwardPass, Net, Nets, Noise

LossTerms = Mapping[str, Tensor]
"""Named, weighted, unreduced terms, each of shape ``(n,)``; their sum is the loss per sample."""

Projection = Literal["standardise", "centre", "sphere", "none"]

PROJECTIONS: dict[Projection, Callable[[Tensor], Tensor]] = {
    "standardise": standardise,
    "centre": centre,
    "sphere": on_sphere,
    "none": lambda code: code,
}


class Objective(ABC):
    """What the nets minimise. Stateless: parameters live in the nets."""

    updated_first: tuple[Net, ...] = ("critic",)
    """Nets that alternating updates move before the others."""

    @property
    def projection(self) -> Projection:
        """The projection between E and G in autoencoding.

        N(·) if the code's average and norm are free, its average subtracted if only that is, the
        sphere of radius √d if only its norm is, nothing if G takes the code as it is.
        """
        return "none"

    @property
    def unprojected(self) -> int:
        """Leading dimensions of a code that projections leave out: they tell nothing of z."""
        return 0

    @property
    def adversarial_lower_bound(self) -> float | None:
        """Infimum of E's term named ``adversarial``, approached as E tells all images apart.

        ``None`` if E has no such term or the term has no such bound.
        """
        return None

    def build(self, architecture: Architecture) -> Nets:
        """The nets before the first step, with weights not yet initialised."""
        return Nets(architecture.encoder(architecture.z_dim), architecture.generator())

    def noise(self, n: int, d: int) -> Mapping[str, Noise]:
        """Random numbers that the losses need besides z, by name.

        Args:
            n: Batch size.
            d: Dimensions of z.
        """
        return {}

    def prior(self, z: Tensor) -> Tensor:
        """Prior samples, computed from standard normal ones of the same shape."""
        return z

    @abstractmethod
    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        """Terms that E minimises; no terms: E rests in this step."""

    @abstractmethod
    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        """Terms that G minimises; no terms: G rests in this step."""

    def critic_loss(self, batch: ForwardPass) -> LossTerms:
        """Terms that the critic minimises, if there is one."""
        raise NotImplementedError

    def diagnostics(self, batch: ForwardPass) -> LossTerms:
        """Quantities worth logging, per sample, from what the losses have computed anyway."""
        return {}

    def code(self, e: Tensor, d: int) -> Tensor:
        """The code within the raw output of E, shape ``(n, d)``: its first d numbers."""
        return e[:, :d]

    def score_of_image(self, encoder: Encoder, x: Tensor, d: int) -> Tensor:
        """Scores that E gives images by themselves, shape ``(n,)``.

        Args:
            encoder: E.
            x: Images in [-1, 1], or points, shape ``(n, c, h, w)``.
            d: Dimension of z.

        Raises:
            NoValueError: The objective has no such score.
        """
        raise NoValueError("the objective computes no score from E alone")

    def project(self, code: Tensor, projection: Projection) -> Tensor:
        """P(code), shape ``(n, d)``: a code as G gets it, in autoencoding with the own projection.

        Args:
            code: From :meth:`code`, or z to compare codes with, shape ``(n, d)``.
            projection: P.
        """
        return PROJECTIONS[projection](code)

    def latent(self, generator: Generator, z: Tensor) -> Tensor:
        """Target for the code of G(z), shape ``(n, d)``: z, unless G maps it first."""
        return z

    def decode(self, generator: Generator, code: Tensor, labels: Tensor | None) -> Tensor:
        """Images decoded from codes."""
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


def draw_noise(
    objective: Objective, images: torch.Size, d: int, random: Callable[[str], torch.Generator]
) -> dict[str, Tensor]:
    """The random numbers that the losses of an objective need besides z, on the CPU.

    Args:
        objective: Declares their names and shapes.
        images: Shape of the real images, ``(n, c, h, w)``.
        d: Dimensions of z.
        random: Name to generator, so that no draw depends on the others.
    """
    drawn = objective.noise(images[0], d)
    return {name: noise(random(name), images) for name, noise in drawn.items()}

"""What the losses get: the nets, the batch that the host has drawn, and what the nets make of it.

A loss reads tensors from a :class:`ForwardPass`; it draws nothing and decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from ogan_bench.models.base import Encoder, Generator

Net = Literal["encoder", "generator", "critic"]


@dataclass(frozen=True)
class Nets:
    """All nets that are trained.

    Args:
        encoder: E.
        generator: G.
        critic: Whatever else an objective needs; it is not evaluated.
    """

    encoder: Encoder
    generator: Generator
    critic: nn.Module | None = None

    def named(self) -> dict[Net, nn.Module]:
        """The nets by name, without a missing critic."""
        found: dict[Net, nn.Module] = {"encoder": self.encoder, "generator": self.generator}
        return found if self.critic is None else {**found, "critic": self.critic}


Noise = Callable[[torch.Generator, torch.Size], Tensor]
"""Draws random numbers on the CPU for a batch whose images have the given shape."""


def normal(*shape: int) -> Noise:
    """Standard normal numbers of the given shape."""
    return lambda random, images: torch.randn(shape, generator=random)


def normal_per_pixel(least: int) -> Noise:
    """Standard normal numbers, ``(n, c·h·w)``, or ``(n, least)`` if an image has fewer pixels."""
    return lambda random, images: torch.randn(
        images[0], max(images[1:].numel(), least), generator=random
    )


def uniform(*shape: int) -> Noise:
    """Uniform numbers in [0, 1) of the given shape."""
    return lambda random, images: torch.rand(shape, generator=random)


def unchanged(images: Tensor) -> Tensor:
    """No augmentation."""
    return images


Schedule = Callable[[float], float]
"""Maps the completed share of the training, in [0, 1), to a weight or a factor."""


class HostInputs(Protocol):
    """What a step that is recorded takes from the progress of the training.

    A recording is repeated with the numbers that were in it.
    """

    @property
    def progress(self) -> float:
        """Completed share of the training; a step that reads it is not recorded."""

    def before(self, share: float) -> bool:
        """Whether the completed share of the training is below this one."""

    def is_turn(self, every: int) -> bool:
        """Whether what is done every so many steps is done in this one."""

    def weight(self, schedule: Schedule) -> Tensor:
        """The weight at this step, a tensor without dimensions that is filled before each step."""


@dataclass(frozen=True)
class Batch:
    """Everything that the host draws and decides for a forward pass; the rest is arithmetic.

    Args:
        x: Real images, shape ``(n, c, h, w)``.
        z: Prior samples, shape ``(n, d)``.
        labels: Classes of the real images, shape ``(n,)``; ``None`` if the data has none.
        z_labels: Classes of the images to generate, drawn with their frequencies in the data.
        progress: Completed share of the training, in [0, 1). Schedules and which nets rest depend
            only on this, so both are known without reading a tensor. Losses use it through
            :meth:`ForwardPass.before` and :meth:`ForwardPass.weight`.
        noise: Further random numbers, by the names in :meth:`Objective.noise`.
        augment_real: Augments real images before an encoder sees them; its random numbers are
            already drawn.
        augment_fake: The same for generated images.
        host: Takes the place of the progress and of the step while a step is recorded.
        step: Index of the step, from 0. Losses use it through :meth:`ForwardPass.is_turn`.
    """

    x: Tensor
    z: Tensor
    labels: Tensor | None
    z_labels: Tensor | None
    progress: float
    noise: Mapping[str, Tensor] = field(default_factory=dict)
    augment_real: Callable[[Tensor], Tensor] = unchanged
    augment_fake: Callable[[Tensor], Tensor] = unchanged
    host: HostInputs | None = None
    step: int = 0

    def weight(self, schedule: Schedule) -> float | Tensor:
        """The value of a schedule at this step."""
        return schedule(self.progress) if self.host is None else self.host.weight(schedule)


class ForwardPass:
    """One batch passed through the nets; every tensor is computed on first use and then cached.

    Simultaneous updates pass the same object to all losses, so G(z) and E(G(z)) are computed once.
    The generated images are detached from G's graph: other losses cannot reach G through them, and
    the generator's loss reaches it through the gradient that arrives at :attr:`x_fake`.

    Real and generated images go through E as separate batches, as in the author's code, so batch
    norm takes its statistics from each alone.

    Args:
        nets: E, G and the critic, if any.
        batch: The data and random numbers.
        moves_generator: Whether G is updated from this pass; if not, G(z) gets no graph.
    """

    def __init__(self, nets: Nets, batch: Batch, *, moves_generator: bool = True) -> None:
        self.nets = nets
        self.moves_generator = moves_generator
        self.batch = batch
        self.z = batch.z
        self.labels, self.z_labels = batch.labels, batch.z_labels
        self._deferred: list[Callable[[], None]] = []

    @cached_property
    def x(self) -> Tensor:
        """Real images as an encoder sees them, a leaf for gradient penalties."""
        return self.batch.augment_real(self.batch.x).detach().requires_grad_()

    @cached_property
    def generated(self) -> Tensor:
        """G(z), with its graph if G is updated from it."""
        with torch.set_grad_enabled(self.moves_generator and torch.is_grad_enabled()):
            images: Tensor = self.nets.generator(self.z, self.z_labels)
        return images

    @cached_property
    def leaf(self) -> Tensor:
        """G(z) without its graph, a leaf that collects the gradient meant for G."""
        return self.generated.detach().requires_grad_()

    @cached_property
    def x_fake(self) -> Tensor:
        """G(z), from the leaf on, as an encoder sees it."""
        return self.batch.augment_fake(self.leaf)

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
        """The critic.

        Raises:
            ValueError: There is none.
        """
        if self.nets.critic is None:
            raise ValueError("this objective has no critic")
        return self.nets.critic

    @property
    def progress(self) -> float:
        """Completed share of the training, in [0, 1).

        A step whose losses read it cannot be captured as a CUDA graph: :meth:`before` and
        :meth:`weight` do without.
        """
        host = self.batch.host
        return self.batch.progress if host is None else host.progress

    def before(self, share: float) -> bool:
        """Whether the completed share of the training is below this one, decided on the host."""
        host = self.batch.host
        return self.batch.progress < share if host is None else host.before(share)

    def is_turn(self, every: int) -> bool:
        """Whether what is done every so many steps is done in this one, decided on the host.

        Steps are counted from 0, which is the first turn.
        """
        host = self.batch.host
        return self.batch.step % every == 0 if host is None else host.is_turn(every)

    def weight(self, schedule: Schedule) -> float | Tensor:
        """The weight that a schedule gives to a term at this step."""
        return self.batch.weight(schedule)

    def once(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        """A tensor that is computed when a loss first needs it, and then cached in the pass."""
        kept = vars(self)
        if name not in kept:
            kept[name] = make()
        tensor: Tensor = kept[name]
        return tensor

    def after_update(self, action: Callable[[], None]) -> None:
        """Defer what changes a buffer of a net: a loss itself changes nothing."""
        self._deferred.append(action)

    def finish(self) -> None:
        """Do what the losses have deferred, once the nets have been updated from this pass."""
        for action in self._deferred:
            action()
        self._deferred.clear()

    def noise(self, name: str) -> Tensor:
        """Random numbers of the batch, with the dtype of z.

        Raises:
            ValueError: The objective declares no noise of this name.
        """
        if name not in self.batch.noise:
            raise ValueError(f"noise {name!r} is not drawn: Objective.noise has to state it")
        return self.batch.noise[name].to(self.z.dtype)

"""Initial weights from an explicit generator.

A module that is not drawn from N(0, 0.02) has an attribute ``initial``. It applies to the module
and its descendants, down to the next one with an ``initial`` of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ogan_bench.models import spectral

Initial = Callable[[Tensor, torch.Generator], object]
"""Fills a kernel in place."""


@dataclass(frozen=True)
class Normal:
    """N(0, std)."""

    std: float

    def __call__(self, kernel: Tensor, generator: torch.Generator) -> None:
        nn.init.normal_(kernel, std=self.std, generator=generator)


@dataclass(frozen=True)
class GlorotUniform:
    """Uniform in ±gain·√(6 / (fan_in + fan_out)), the default of Keras.

    References:
        X. Glorot and Y. Bengio, Understanding the difficulty of training deep feedforward neural
        networks, 2010, https://proceedings.mlr.press/v9/glorot10a.html
    """

    gain: float = 1.0

    def __call__(self, kernel: Tensor, generator: torch.Generator) -> None:
        nn.init.xavier_uniform_(kernel, gain=self.gain, generator=generator)


@dataclass(frozen=True)
class Zero:
    """Zero, without a draw: nets that differ only in such a module are equal at the start."""

    def __call__(self, kernel: Tensor, generator: torch.Generator) -> None:
        nn.init.zeros_(kernel)


def initialise(net: nn.Module, generator: torch.Generator, initial: Initial = Normal(0.02)) -> None:
    """Draw all kernels and embeddings, from N(0, 0.02) as the author does, and zero the biases.

    Args:
        net: Initialised in place; nothing is left of torch's own initial weights.
        generator: Source of all random numbers.
        initial: For modules without an ``initial`` of their own.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan
    """
    inherited = initial
    initial = getattr(net, "initial", inherited)
    if isinstance(net, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
        normalised = parametrize.is_parametrized(net, "weight")
        if normalised and isinstance(initial, Zero):
            initial = inherited  # zero over its largest singular value, zero, is no number
        initial(spectral.original(net) if normalised else net.weight, generator)
        if normalised:
            spectral.restart(net, generator)
        bias: Tensor | None = getattr(net, "bias", None)
        if bias is not None:
            nn.init.zeros_(bias)
    for child in net.children():
        initialise(child, generator, initial)

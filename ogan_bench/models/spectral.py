"""Spectral normalisation: kernels divided by their largest singular value σ.

torch estimates σ as uᵀ W v, with one power iteration for u and v at every access to the kernel in
training mode. It draws u and v from the global generator when a layer is made, so they are redrawn
here, like the weights.

References:
    T. Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018,
    https://arxiv.org/abs/1802.05957
    T. Miyato and M. Koyama, cGANs with Projection Discriminator, 2018,
    https://arxiv.org/abs/1802.05637
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import ParametrizationList, is_parametrized

POWER_ITERATIONS = 15
"""As many as torch itself does at the start."""

AnyNet = TypeVar("AnyNet", bound=nn.Module)


def normalised(net: AnyNet) -> AnyNet:
    """The net with all its convolutions, dense layers and embeddings normalised, in place.

    An embedding is a dense layer on indicators of classes, and is normalised as such in Miyato's
    and Koyama's projection discriminator. Layers that are normalised already stay as they are.
    """
    for module in list(net.modules()):
        of_kernels = isinstance(module, nn.Conv2d | nn.Linear | nn.Embedding)
        if of_kernels and not is_parametrized(module, "weight"):
            spectral_norm(module)
    return net


def original(layer: nn.Module) -> Tensor:
    """The trained kernel W of a normalised layer, whose ``weight`` is W / σ."""
    kernel: Tensor = _parametrization(layer).original
    return kernel


def restart(layer: nn.Module, generator: torch.Generator) -> None:
    """Redraw u and v of a normalised layer and bring them near W's singular vectors."""
    for vector in _parametrization(layer).buffers():
        nn.init.normal_(vector, generator=generator)
    settle(layer)


@torch.no_grad()
def settle(net: nn.Module) -> None:
    """Power iterations for the current kernels, to be run after a change from outside."""
    for module in net.modules():
        if is_parametrized(module, "weight"):
            parametrization = _parametrization(module)
            training = parametrization.training
            parametrization.train()
            for _ in range(POWER_ITERATIONS):
                parametrization()
            parametrization.train(training)


def _parametrization(layer: nn.Module) -> ParametrizationList:
    assert isinstance(layer.parametrizations, nn.ModuleDict)
    found = layer.parametrizations["weight"]
    assert isinstance(found, ParametrizationList)
    return found

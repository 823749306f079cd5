"""Initial weights from an explicit generator."""

from __future__ import annotations

import torch
from torch import nn

STD = 0.02


def initialise(net: nn.Module, generator: torch.Generator) -> None:
    """Draw all kernels from N(0, 0.02) and set the biases to zero, as the author does.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, std=STD, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

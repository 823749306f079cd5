"""Moving averages of a net's weights."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class MovingAverage:
    """A copy of a net whose state follows it: average ← decay·average + (1 - decay)·state.

    This covers parameters and batch-norm statistics, as in the author's code; counters are copied.

    Args:
        net: The net to follow.
        decay: 0.999 or 0.9999 in the author's code.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan (o_gan_celeba_sm_4x4_ema_256.py)
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.average = copy.deepcopy(net).requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Move the average towards the current state of ``net``."""
        averages: list[Tensor] = []
        states: list[Tensor] = []
        for average, state in zip(
            self.average.state_dict().values(), net.state_dict().values(), strict=True
        ):
            if state.is_floating_point():
                averages.append(average)
                states.append(state)
            else:
                average.copy_(state)
        torch._foreach_lerp_(averages, states, 1.0 - self.decay)

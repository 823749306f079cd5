"""Moving averages of a net's weights."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class MovingAverage:
    """A copy of a net whose state is the exponentially weighted average of the net's states.

    After t updates with the states w_1, ..., w_t and the decay β,

    * with ``debias`` it is Σ (1 - β) β^(t-i) w_i / (1 - β^t): weights that sum to 1, as in Adam;
    * without, it is Σ (1 - β) β^(t-i) w_i + β^t w_0, which keeps a share β^t of the initial w_0:
      22 % after 1,500 updates with 0.999.

    The author's ``K.moving_average_update`` is the first in Keras 2.2.4 on TensorFlow, whose
    ``assign_moving_average`` starts from zero and divides by 1 - β^t. This covers parameters and
    batch-norm statistics, as in his code; counters are copied.

    Args:
        net: The net to follow; its present state is w_0.
        decay: β; 0.999 or 0.9999 in the author's code.
        debias: Whether the initial state has no share.

    References:
        J. Su, O-GAN, 2019, https://github.com/bojone/o-gan (o_gan_celeba_sm_4x4_ema_256.py)
        D. Kingma and J. Ba, Adam, 2015, arXiv 1412.6980 (section 3)
    """

    def __init__(self, net: nn.Module, decay: float, *, debias: bool) -> None:
        self.average = copy.deepcopy(net).requires_grad_(False)
        self.decay = decay
        self.debias = debias

    @torch.no_grad()
    def update(self, net: nn.Module, updates: int) -> None:
        """Take the current state of ``net`` into the average.

        Args:
            net: The net that is followed.
            updates: t, their number so far with this one.
        """
        # The quotient of two sums is itself updated in place: its newest weight is (1-β)/(1-β^t).
        share = 1.0 - self.decay
        if self.debias:
            share /= 1.0 - self.decay**updates
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
        torch._foreach_lerp_(averages, states, share)

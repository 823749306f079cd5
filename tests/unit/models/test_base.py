"""Dense layers keep the scale of their input."""

from __future__ import annotations

import torch
from torch import nn

from ogan_bench.models.base import mlp as perceptron
from ogan_bench.models.initialisation import initialise
from tests.unit.models.small_nets import draw


def test_dense_nets_keep_the_scale_of_their_input() -> None:
    """With N(0, 0.02) three hidden layers of 64 would make it about a thousand times smaller."""
    net = perceptron(64, 64, hidden=64, layers=3)
    initialise(net, torch.Generator().manual_seed(0))
    ratio = float(net(draw(256, 64)).detach().std())
    assert 0.1 < ratio < 10
    assert [type(module) for module in net] == [*[nn.Linear, nn.LeakyReLU] * 3, nn.Linear]

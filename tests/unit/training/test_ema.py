"""Moving averages of nets."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ogan_bench.training.ema import MovingAverage


def test_moving_average_follows_parameters_and_statistics() -> None:
    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(net[0].weight, 1.0)  # type: ignore[arg-type]
    average = MovingAverage(net, 0.75)
    nn.init.constant_(net[0].weight, 5.0)  # type: ignore[arg-type]
    net(torch.full((2, 1), 4.0))
    average.update(net)
    state = average.average.state_dict()
    assert state["0.weight"].item() == 0.75 * 1 + 0.25 * 5
    assert state["1.running_mean"].item() == pytest.approx(0.25 * 0.1 * 20)
    assert state["1.num_batches_tracked"].item() == 1

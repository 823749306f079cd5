"""Moving averages of nets."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.training.ema import MovingAverage

STEPS = 6


def small_net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).double()


def trained_states(net: nn.Module, average: MovingAverage) -> list[dict[str, Tensor]]:
    """The net's states after each of some steps, taken into the average, after its first one."""
    random = torch.Generator().manual_seed(0)
    states = [copy.deepcopy(net.state_dict())]
    for updates in range(1, STEPS + 1):
        net(torch.randn((4, 3), generator=random, dtype=torch.float64))
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.add_(torch.randn(parameter.shape, generator=random, dtype=torch.float64))
        average.update(net, updates)
        states.append(copy.deepcopy(net.state_dict()))
    return states


def test_moving_average_follows_parameters_and_statistics() -> None:
    net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    nn.init.constant_(net[0].weight, 1.0)  # type: ignore[arg-type]
    average = MovingAverage(net, 0.75, debias=False)
    nn.init.constant_(net[0].weight, 5.0)  # type: ignore[arg-type]
    net(torch.full((2, 1), 4.0))
    average.update(net, 1)
    state = average.average.state_dict()
    assert state["0.weight"].item() == 0.75 * 1 + 0.25 * 5
    assert state["1.running_mean"].item() == pytest.approx(0.25 * 0.1 * 20)
    assert state["1.num_batches_tracked"].item() == 1


@pytest.mark.parametrize("decay", [0.75, 0.999, 0.9999])
@pytest.mark.parametrize("debias", [True, False])
def test_the_average_is_the_closed_form(decay: float, debias: bool) -> None:
    net = small_net()
    average = MovingAverage(net, decay, debias=debias)
    states = trained_states(net, average)
    for name, found in average.average.state_dict().items():
        if not found.is_floating_point():
            assert found.item() == STEPS
            continue
        first, *later = (state[name] for state in states)
        weights = [(1 - decay) * decay ** (STEPS - i) for i in range(1, STEPS + 1)]
        expected = sum((w * s for w, s in zip(weights, later, strict=True)), torch.zeros(()))
        expected += 0 if debias else decay**STEPS * first
        expected /= sum(weights) if debias else 1
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("decay", [0.75, 0.999, 0.9999])
def test_it_is_the_biased_average_from_zero_over_its_weights_as_in_keras(decay: float) -> None:
    """``assign_moving_average(zero_debias=True)``: one variable from zero, one for the count."""
    net = small_net()
    average = MovingAverage(net, decay, debias=True)
    states = trained_states(net, average)[1:]
    for name in ("0.weight", "0.bias", "1.running_mean", "1.running_var"):
        biased, count = torch.zeros_like(states[0][name]), 0
        for state in states:
            biased -= (biased - state[name]) * (1 - decay)
            count += 1
        debiased = biased / (1 - decay**count)
        found = average.average.state_dict()[name]
        torch.testing.assert_close(found, debiased, rtol=1e-10, atol=1e-12)


def test_after_one_update_it_is_the_net_without_its_start() -> None:
    net = small_net()
    average = MovingAverage(net, 0.9999, debias=True)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(100)
    net(torch.ones(4, 3, dtype=torch.float64))
    average.update(net, 1)
    for name, state in net.state_dict().items():
        assert torch.equal(average.average.state_dict()[name], state), name

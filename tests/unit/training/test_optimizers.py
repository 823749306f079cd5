"""The optimisers against torch's own, in float64, and with parameters that rest."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.training.optimizers import adam, rmsprop

PAIRS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "rmsprop": (rmsprop, torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.9, "eps": 1e-7}),
    "rmsprop, defaults": (rmsprop, torch.optim.RMSprop, {"lr": 1e-4, "alpha": 0.99, "eps": 1e-7}),
    "adam": (adam, torch.optim.Adam, {"lr": 0.01, "beta1": 0.5, "beta2": 0.9, "eps": 1e-6}),
    "adam, no momentum": (adam, torch.optim.Adam, {"lr": 0.01, "beta1": 0.0, "beta2": 0.9}),
}


def torch_arguments(constants: dict[str, Any]) -> dict[str, Any]:
    found = dict(constants)
    if "beta1" in found:
        found["betas"] = (found.pop("beta1"), found.pop("beta2"))
    return found


def slopes(parameters: list[nn.Parameter]) -> Iterator[list[Tensor]]:
    """Gradients of twenty steps, over eight orders of magnitude."""
    random = torch.Generator().manual_seed(0)
    for step in range(20):
        yield [
            torch.randn(p.shape, generator=random, dtype=p.dtype) * 10.0 ** (step % 8 - 6)
            for p in parameters
        ]


def parameters() -> list[nn.Parameter]:
    random = torch.Generator().manual_seed(1)
    shapes = [(4, 3, 5, 5), (4,), (6, 8), ()]
    return [
        nn.Parameter(torch.randn(shape, generator=random, dtype=torch.float64)) for shape in shapes
    ]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("rests", [False, True], ids=["all move", "one rests"])
def test_steps_equal_torchs(name: str, rests: bool) -> None:
    ours, theirs, constants = PAIRS[name]
    got, want = parameters(), parameters()
    optimizer, reference = ours(got, **constants), theirs(want, **torch_arguments(constants))
    for step, gradients in enumerate(slopes(got)):
        for index, gradient in enumerate(gradients):
            resting = rests and index == 1 and step % 3 == 0
            for group in (got, want):
                group[index].grad = None if resting else gradient.clone()
        optimizer.step()
        reference.step()
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_rates_may_be_tensors_that_change(name: str) -> None:
    ours, theirs, constants = PAIRS[name]
    got, want = parameters(), parameters()
    optimizer, reference = ours(got, **constants), theirs(want, **torch_arguments(constants))
    optimizer.param_groups[0]["lr"] = torch.zeros((), dtype=torch.float64)
    for step, gradients in enumerate(slopes(got)):
        for group in (got, want):
            for parameter, gradient in zip(group, gradients, strict=True):
                parameter.grad = gradient.clone()
        rate = constants["lr"] * max(0.0, 1 - step / 10)
        optimizer.param_groups[0]["lr"].fill_(rate)
        reference.param_groups[0]["lr"] = rate
        optimizer.step()
        reference.step()
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("make", [rmsprop, adam])
def test_a_saved_state_continues_exactly(make: Callable[..., torch.optim.Optimizer]) -> None:
    straight = parameters()
    optimizer = make(straight)
    resumed, continued = straight, optimizer
    for step, gradients in enumerate(slopes(straight)):
        if step == 10:
            saved = copy.deepcopy(optimizer.state_dict())
            resumed = [nn.Parameter(p.detach().clone()) for p in straight]
            continued = make(resumed)
            continued.load_state_dict(saved)
        for p, q, gradient in zip(straight, resumed, gradients, strict=True):
            p.grad, q.grad = gradient, gradient
        optimizer.step()
        if step >= 10:
            continued.step()
    for one, other in zip(straight, resumed, strict=True):
        assert one is not other
        assert torch.equal(one, other)


@pytest.mark.parametrize("make", [rmsprop, adam])
def test_a_parameter_without_a_gradient_gets_no_state(
    make: Callable[..., torch.optim.Optimizer],
) -> None:
    moving, resting = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = make([moving, resting])
    moving.grad = torch.ones(2)
    optimizer.step()
    assert torch.equal(resting, torch.ones(2))
    assert resting not in optimizer.state
    assert not torch.equal(moving, torch.ones(2))


@pytest.mark.parametrize("make", [rmsprop, adam])
def test_the_layout_of_a_kernel_is_kept(make: Callable[..., torch.optim.Optimizer]) -> None:
    kernel = nn.Parameter(torch.ones(4, 3, 5, 5).to(memory_format=torch.channels_last))
    kernel.grad = torch.ones(4, 3, 5, 5)
    optimizer = make([kernel])
    optimizer.step()
    moments = [t for t in optimizer.state[kernel].values() if t.ndim == 4]
    assert moments
    assert all(t.is_contiguous(memory_format=torch.channels_last) for t in (kernel, *moments))

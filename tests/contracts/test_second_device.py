"""The second device computes what the CPU does, and mistakes that a GPU would punish are caught."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.contracts.device_half import DeviceHalf
from tests.contracts.second_device import PRETEND, SecondDevice

META = torch.device("meta")


@pytest.fixture(params=[PRETEND, META], ids=str)
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    with SecondDevice():
        yield request.param


ROWS = torch.tensor([0, 1])

MIXES: dict[str, Callable[[Tensor], object]] = {
    "mm": lambda x: x @ torch.ones(4, 4),
    "bmm": lambda x: x[None] @ torch.ones(1, 4, 4),
    "addmm": lambda x: F.linear(x, torch.ones(3, 4), torch.ones(3)),
    "gather": lambda x: x.gather(0, torch.zeros(1, 4, dtype=torch.long)),
    "convolution": lambda x: F.conv2d(x[None, None], torch.ones(1, 1, 3, 3)),
    "batch norm": lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4)),
    "embedding": lambda x: F.embedding(ROWS, x),
    "index_select": lambda x: x.index_select(0, ROWS),
    "index": lambda x: x[ROWS],
    "index_put": lambda x: x.index_put((ROWS,), x[:2]),
    "cat": lambda x: torch.cat([x, torch.ones(1, 4)]),
    "stack": lambda x: torch.stack([x[0], torch.ones(4)]),
    "where": lambda x: torch.where(x > 0, x, torch.ones(4, 4)),
    "masked_fill": lambda x: x.masked_fill(torch.ones(4, 4, dtype=torch.bool), 0),
    "sum": lambda x: x + torch.ones(4),
    "sum in place": lambda x: x.add_(torch.ones(4)),
    "lerp": lambda x: torch._foreach_lerp_([x], [torch.ones(4, 4)], 0.5),
}


@pytest.mark.parametrize("name", MIXES)
def test_an_operation_on_two_devices_is_refused(name: str, device: torch.device) -> None:
    x = torch.ones(4, 4, device=device)
    with pytest.raises(RuntimeError, match="mixes cpu and"), DeviceHalf():
        MIXES[name](x)


COPIED: dict[str, Callable[[Tensor], object]] = {
    "to the host": lambda x: x.cpu(),
    "from the host": lambda x: torch.ones(4).to(x.device),
    "in place": lambda x: x.copy_(torch.ones(4, 4)),
    "in place, of a number": lambda x: x.copy_(torch.tensor(1.0)),
    "in place, to the host": lambda x: torch.ones(4, 4).copy_(x),
}


@pytest.mark.parametrize("name", COPIED)
def test_a_copy_between_devices_is_refused(name: str, device: torch.device) -> None:
    x = torch.ones(4, 4, device=device)
    with pytest.raises(AssertionError, match="copies between devices"), DeviceHalf():
        COPIED[name](x)


READ: dict[str, Callable[[Tensor], object]] = {
    "item": lambda x: x[0, 0].item(),
    "float": lambda x: float(x.sum()),
    "bool": lambda x: bool(x.sum() > 0),
    "is_nonzero": lambda x: x[0, 0].is_nonzero(),
    "nonzero": lambda x: x.nonzero(),
    "mask": lambda x: x[x > 0],
    "put by mask": lambda x: x.index_put_((x > 0,), x[0, 0]),
    "masked_select": lambda x: x.masked_select(x > 0),
    "equal": lambda x: torch.equal(x, x),
    "allclose": lambda x: torch.allclose(x, x),
    "unique": lambda x: x.unique(),
}


@pytest.mark.parametrize("name", READ)
def test_a_read_of_a_value_is_refused(name: str, device: torch.device) -> None:
    x = torch.ones(4, 4, device=device)
    with pytest.raises(AssertionError, match="reads a value"), DeviceHalf():
        READ[name](x)


def test_lists_are_refused() -> None:
    """Torch copies them as a whole."""
    x = torch.ones(4, device=META)
    with DeviceHalf(), pytest.raises(AssertionError, match=r"reads a value|copies between devices"):
        x.tolist()
    with SecondDevice(), DeviceHalf(), pytest.raises((AssertionError, NotImplementedError)):
        torch.tensor([1.0, 2.0], device=PRETEND)


@pytest.mark.parametrize("draw", [torch.rand_like, lambda x: F.dropout(x, 0.5), torch.bernoulli])
def test_a_draw_is_refused(draw: Callable[[Tensor], Tensor], device: torch.device) -> None:
    x = torch.ones(4, device=device)
    with pytest.raises(AssertionError, match="draws"), DeviceHalf():
        draw(x)


def test_what_stays_on_the_device_passes(device: torch.device) -> None:
    x, two = torch.ones(4, 4, device=device), torch.tensor(2.0)
    rows = torch.zeros(2, dtype=torch.long, device=device)
    with DeviceHalf():
        found = (two * x)[rows] + x.new_zeros(4) + x.to(torch.float64).copy_(x)[:2]
        assert found.device == device


def gradients(device: torch.device) -> list[Tensor]:
    """Of a loss that contains a gradient itself, after a step of an optimiser."""
    random = torch.Generator().manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.LeakyReLU(), nn.Flatten(), nn.Linear(108, 2)
    )
    for parameter in net.parameters():
        parameter.data = torch.randn(parameter.shape, generator=random)
    net.to(device)
    optimizer = torch.optim.RMSprop(net.parameters())
    for _ in range(2):
        x = torch.randn(5, 1, 8, 8, generator=random).to(device).requires_grad_()
        with DeviceHalf():
            score = net(x).mean(dim=1)
            (slope,) = torch.autograd.grad(score.sum(), x, create_graph=True)
            net.zero_grad(set_to_none=True)
            (score.square().mean() + slope.square().sum()).backward()
            optimizer.step()
    return [t.cpu() for p in net.parameters() for t in (p.detach(), p.grad) if t is not None]


def test_its_numbers_are_those_of_the_cpu() -> None:
    with SecondDevice():
        found = gradients(PRETEND)
    for on_device, on_cpu in zip(found, gradients(torch.device("cpu")), strict=True):
        assert type(on_device) is Tensor
        assert torch.equal(on_device, on_cpu)


def test_the_states_of_all_generators_can_still_be_kept() -> None:
    """The device stays registered, so other tests of this process meet it."""
    torch.manual_seed(0)
    with torch.random.fork_rng():
        first = torch.randn(2)
    assert torch.equal(torch.randn(2), first)

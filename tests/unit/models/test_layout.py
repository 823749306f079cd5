"""Channels last: the same numbers, and no map of a step in any other layout."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.models.layout import Flatten, Unflatten, reorder
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_training

CPU = torch.device("cpu")
CHANNELS_LAST = torch.channels_last


def is_channels_last(maps: Tensor) -> bool:
    """Whether memory runs through the channels first; so it does in a sum's gradient, expanded."""
    by_channel, *by_place = maps.stride()[1:]
    return by_channel == 1 and all(stride == 0 or stride >= maps.shape[1] for stride in by_place)


def test_reorder_changes_strides_alone() -> None:
    down, up = nn.Conv2d(1, 4, 5), nn.ConvTranspose2d(4, 3, 4)
    net = nn.Sequential(down, up, nn.Linear(6, 7))
    before = [parameter.detach().clone() for parameter in net.parameters()]
    reorder(net)
    for old, new in zip(before, net.parameters(), strict=True):
        assert torch.equal(old, new)
    assert down.weight.stride() == (25, 1, 5, 1)
    assert up.weight.stride() == (48, 1, 12, 3)


def test_flatten_equals_torchs() -> None:
    maps = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.equal(Flatten()(maps), nn.Flatten()(maps))
    assert torch.autograd.gradcheck(Flatten(), maps)
    assert torch.autograd.gradgradcheck(Flatten(), maps)
    slope = torch.randn(2, 60, dtype=torch.float64)
    (found,) = torch.autograd.grad(Flatten()(maps), maps, slope)
    assert torch.equal(found, slope.view_as(maps))
    assert is_channels_last(found)


def test_unflatten_equals_torchs() -> None:
    features = torch.randn(2, 3 * 16, requires_grad=True)
    maps = Unflatten(3, 4)(features)
    assert torch.equal(maps, nn.Unflatten(1, (3, 4, 4))(features))
    assert is_channels_last(maps)
    (found,) = torch.autograd.grad(maps, features, torch.ones_like(maps))
    assert torch.equal(found, torch.ones_like(features))


@pytest.mark.parametrize("channels", [1, 3], ids=["grey", "colour"])
@pytest.mark.parametrize("model", ["dcgan", "resnet"])
def test_every_map_of_a_step_and_its_gradient_have_channels_last(model: str, channels: int) -> None:
    """One map in the other layout makes its layer slower than with either."""
    images = torch.randint(0, 256, (16, channels, 16, 16), dtype=torch.uint8)
    split = Split(images, torch.zeros(16, dtype=torch.long))
    trial = Trial(
        "t",
        "a",
        0,
        Settings.model_validate(
            {
                "data": "digits",
                "model": {"name": model, "width": 4, "z_dim": 6},
                "objective": {
                    "adversarial": "linear",
                    "readout": "avg",
                    "consistency": "pearson",
                    "penalty": "quadratic_potential",
                },
                "training": {"steps": 4, "batch_size": 8, "optimizer": "rmsprop"},
            }
        ),
    )
    setup = build_training(trial, Dataset("some", split, split, ("a",), ""), CPU)
    seen: list[tuple[str, Tensor]] = []

    def watch(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[1:]) > 1:
            seen.append((f"{type(module).__name__}, output", output.detach()))
            if output.requires_grad:
                output.register_hook(
                    lambda slope: seen.append((f"{type(module).__name__}, gradient", slope))
                )

    for net in setup.trainables.nets.named().values():
        for module in net.modules():
            if not list(module.children()):
                module.register_forward_hook(watch)
    setup.update(setup.draw(0))
    assert len(seen) > 30
    spread = [(name, t.shape, t.stride()) for name, t in seen if not is_channels_last(t)]
    assert not spread

"""Spectral normalisation: norms of kernels, settling, copies."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from ogan_bench.data.base import ImageShape
from ogan_bench.models import spectral
from tests.unit.models.small_nets import SIDES, draw, nets


def largest_singular_values(net: nn.Module) -> list[float]:
    """Of all kernels, as matrices with one row per output."""
    return [
        float(torch.linalg.matrix_norm(module.weight.detach().flatten(1), ord=2))
        for module in net.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]


@pytest.mark.parametrize("name", SIDES)
def test_spectral_norm_makes_every_kernel_of_the_encoder_of_norm_one(name: str) -> None:
    model, shape = {"name": name, "z_dim": 6, "width": 4}, ImageShape(3, 16, 16)
    images = draw(2, 3 * 16 * 16).reshape(2, 3, 16, 16)
    for spectral_norm in (True, False):
        encoder, generator = nets(model | {"spectral_norm": spectral_norm}, shape)
        with torch.no_grad():
            for _ in range(30):
                encoder(images)
        encoder.eval()
        near_one = [abs(value - 1) < 0.01 for value in largest_singular_values(encoder)]
        assert len(near_one) > 2
        assert all(near_one) if spectral_norm else not any(near_one)
        assert not any(is_parametrized(module) for module in generator.modules())


@pytest.mark.parametrize("training", [False, True])
def test_settling_finds_the_norm_of_changed_kernels(training: bool) -> None:
    """As after a moving average: other kernels, and vectors that are not of norm one."""
    encoder, _ = nets({"name": "resnet", "z_dim": 6, "width": 4}, ImageShape(1, 16, 16))
    encoder.train(training)
    with torch.no_grad():
        for tensor in (*encoder.parameters(), *encoder.buffers()):
            change = draw(1, tensor.numel()).view_as(tensor)
            tensor.mul_(0.7).add_(0.05 * tensor.std(correction=0) * change)
    before = largest_singular_values(copy.deepcopy(encoder).eval())
    assert all(abs(value - 1) > 0.1 for value in before)
    modes = [module.training for module in encoder.modules()]
    spectral.settle(encoder)
    assert [module.training for module in encoder.modules()] == modes
    assert all(abs(value - 1) < 0.05 for value in largest_singular_values(encoder.eval()))


def test_normalised_encoders_can_be_copied_and_saved() -> None:
    """Moving averages copy nets, and checkpoints their state."""
    model, shape = {"name": "resnet", "z_dim": 6, "width": 4}, ImageShape(1, 16, 16)
    encoder, _ = nets(model, shape)
    other, _ = nets(model, shape, seed=1)
    encoder.eval()
    images = draw(2, 256).reshape(2, 1, 16, 16)
    other.load_state_dict(encoder.state_dict())
    for twin in (copy.deepcopy(encoder), other.eval()):
        assert torch.equal(twin(images), encoder(images))

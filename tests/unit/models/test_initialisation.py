"""Initial weights: their distribution, and that they depend only on the seed."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data.base import ImageShape
from ogan_bench.models.initialisation import initialise
from ogan_bench.seeding import generator as seeded
from tests.unit.models.small_nets import CLASSES, SMALL, architecture, draw, label, nets


@pytest.mark.parametrize(("model", "shape"), SMALL, ids=label)
def test_nothing_depends_on_the_global_generator(model: dict[str, Any], shape: ImageShape) -> None:
    """Two builds after different global seeds have equal states and equal outputs."""
    built = []
    with torch.random.fork_rng(devices=[]):
        for seed in (1, 2):
            torch.manual_seed(seed)
            encoder, generator = nets(model, shape)
            before = torch.get_rng_state()
            initialise(copy.deepcopy(encoder), torch.Generator())
            initialise(copy.deepcopy(generator), torch.Generator())
            images = generator(draw(4, model["z_dim"]), torch.arange(4) % CLASSES)
            outputs = (images, encoder(images))
            assert torch.equal(torch.get_rng_state(), before)
            built.append((encoder.state_dict(), generator.state_dict(), outputs))
    (e1, g1, outputs1), (e2, g2, outputs2) = built
    for one, other in ((e1, e2), (g1, g2)):
        assert one.keys() == other.keys()
        assert [name for name in one if not torch.equal(one[name], other[name])] == []
    assert all(torch.equal(a, b) for a, b in zip(outputs1, outputs2, strict=True))


def test_another_seed_gives_other_weights() -> None:
    for model, shape in SMALL:
        pairs = zip(nets(model, shape, 0), nets(model, shape, 1), strict=True)
        for one, other in pairs:
            for name, parameter in one.named_parameters():
                drawn = parameter.ndim > 1 and bool(parameter.any())
                assert torch.equal(parameter, other.get_parameter(name)) != drawn, name


def test_initial_weights_of_the_dcgan_pair_never_change() -> None:
    """First and last number of every kernel, in the order in which they are drawn."""
    family = architecture({"name": "dcgan", "z_dim": 16, "width": 8}, ImageShape(1, 16, 16), 10)
    wanted: dict[str, tuple[nn.Module, dict[str, tuple[float, float]]]] = {
        "encoder": (
            family.encoder(16),
            {
                "trunk.0.weight": (0.01960597, -0.02059107),
                "trunk.2.weight": (-0.01446348, 0.0024638),
                "head.weight": (-0.01057842, 0.01716262),
            },
        ),
        "generator": (
            family.generator(),
            {
                "layers.0.weight": (0.00040395, -0.01427829),
                "layers.4.weight": (-0.00200759, -0.02534319),
                "layers.7.weight": (-0.00313601, 0.01928348),
            },
        ),
    }
    for stage, (net, numbers) in wanted.items():
        initialise(net, seeded(3, stage))
        kernels = {name: p for name, p in net.named_parameters() if p.ndim > 1}
        assert list(kernels) == list(numbers)
        for name, ends in numbers.items():
            found = kernels[name].detach().flatten()[[0, -1]].tolist()
            assert found == pytest.approx(ends, abs=2e-8), name


def spread(kernel: Tensor) -> tuple[float, float]:
    """Standard deviation, and the largest magnitude in units of it: √3 where it is uniform."""
    std = float(kernel.detach().std(correction=0))
    return std, float(kernel.detach().abs().max()) / std


def glorot_std(kernel: Tensor) -> float:
    places = math.prod(kernel.shape[2:])
    return math.sqrt(2 / ((kernel.shape[0] + kernel.shape[1]) * places))


def test_self_modulation_is_glorot_uniform_in_a_net_that_is_normal() -> None:
    model = {"name": "dcgan", "z_dim": 64, "width": 32, "modulation": "self"}
    _, generator = nets(model, ImageShape(1, 16, 16))
    modulating = 0
    for name, kernel in generator.named_parameters():
        if kernel.ndim == 1:
            assert not kernel.any()
            continue
        std, extent = spread(kernel)
        uniform = "gamma" in name or "beta" in name
        modulating += uniform
        assert std == pytest.approx(glorot_std(kernel) if uniform else 0.02, rel=0.05), name
        assert (extent < 1.8) == uniform, name
    assert modulating == 8  # two dense layers each for gamma and beta, twice


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_resnet_is_glorot_uniform_with_a_gain_within_residual_blocks(spectral_norm: bool) -> None:
    model = {"name": "resnet", "z_dim": 64, "width": 16, "spectral_norm": spectral_norm}
    for net in nets(model, ImageShape(3, 16, 16)):
        gains = set()
        for name, kernel in net.named_parameters():
            if kernel.ndim == 1:
                continue
            gain = math.sqrt(2) if "residual" in name else 1
            std, extent = spread(kernel)
            assert std == pytest.approx(gain * glorot_std(kernel), rel=0.08), name
            assert extent < 1.9, name
            gains.add(gain)
        assert len(gains) == 2


def test_embeddings_of_a_readout_are_drawn_too() -> None:
    encoder, _ = nets({"name": "dcgan", "z_dim": 6, "width": 4}, ImageShape(1, 16, 16))
    head = nn.Embedding(50, encoder.features)
    encoder.score_head = head
    initialise(encoder, torch.Generator().manual_seed(0))
    assert spread(head.weight)[0] == pytest.approx(0.02, rel=0.05)

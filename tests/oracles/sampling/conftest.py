"""Shared by tests of sampling: few images, and nets for them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.models.base import Encoder
from tests.oracles.sampling.drawing import D, Pair
from tests.oracles.stand_ins import Plain

SHAPE = (1, 4, 4)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    g = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        images = torch.randint(0, 200, (n, *SHAPE), generator=g, dtype=torch.uint8)
        return Split(images, torch.arange(n) % 3)

    return Dataset("noise", split(130), split(90), ("a", "b", "c"), "none")


@pytest.fixture
def nets() -> Pair:
    """A pair in training mode whose running averages are far from those of the data."""
    g = torch.Generator().manual_seed(1)
    trunk = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.BatchNorm2d(3),
        nn.LeakyReLU(0.2),
        nn.Dropout(0.5),
        nn.Flatten(),
    )
    E = Encoder(trunk, nn.Linear(12, D))
    G = Plain(
        nn.Sequential(nn.Linear(D, 16), nn.BatchNorm1d(16), nn.Unflatten(1, SHAPE), nn.Tanh())
    )
    for net in (E, G):
        for parameter in net.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.5, generator=g)
            else:
                nn.init.uniform_(parameter, generator=g)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.running_mean = torch.rand(module.num_features, generator=g)
                module.running_var = 3 * torch.rand(module.num_features, generator=g) + 1
    return E, G

"""Small nets of every architecture."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ogan_bench.data.base import ImageShape
from ogan_bench.models.base import Architecture, Encoder, Generator
from ogan_bench.models.initialisation import initialise
from ogan_bench.seeding import generator as seeded
from ogan_bench.study.parts import build, component_of

CLASSES = 3
MODULATIONS = ("none", "self", "class", "additive")
CONDITIONAL = ("class", "additive")
SIDES = {"dcgan": (16, 32, 64, 128, 256), "resnet": (16, 32, 64, 128)}
SMALL: list[tuple[dict[str, Any], ImageShape]] = [
    *(
        ({"name": name, "z_dim": 6, "width": 4, "modulation": modulation}, ImageShape(1, 16, 16))
        for name in SIDES
        for modulation in MODULATIONS
    ),
    (
        {"name": "dcgan", "z_dim": 6, "width": 4, "spectral_norm": True},
        ImageShape(1, 16, 16),
    ),
    (
        {"name": "resnet", "z_dim": 6, "width": 4, "spectral_norm": False},
        ImageShape(3, 32, 32),
    ),
    ({"name": "mlp", "z_dim": 5, "width": 16}, ImageShape(2, 1, 1)),
    ({"name": "mlp", "z_dim": 5, "width": 16, "layers": 3}, ImageShape(1, 8, 8)),
]
"""One of each kind that costs little."""


def label(value: object) -> str:
    if isinstance(value, dict):
        return "-".join(str(value[key]) for key in value if key not in ("z_dim", "width"))
    return "x".join(map(str, value)) if isinstance(value, ImageShape) else str(value)


def architecture(model: dict[str, Any], shape: ImageShape, classes: int = CLASSES) -> Architecture:
    built: Architecture = build("models", component_of("models", model), shape, classes)
    return built


def nets(model: dict[str, Any], shape: ImageShape, seed: int = 0) -> tuple[Encoder, Generator]:
    """A pair with the initial weights of a training."""
    family = architecture(model, shape)
    pair = family.encoder(family.z_dim), family.generator()
    for name, net in zip(("encoder", "generator"), pair, strict=True):
        initialise(net, seeded(seed, name))
    return pair


def draw(n: int, d: int, seed: int = 5) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))

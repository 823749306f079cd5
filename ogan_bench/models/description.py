"""What a model is made of, found out without memory or arithmetic."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ogan_bench.config import Component
from ogan_bench.data.base import ImageShape
from ogan_bench.models import ARCHITECTURES


def describe_model(model: Component, channels: int, resolution: int) -> dict[str, Any]:
    """Parameter counts and output shapes of both nets, layer by layer.

    Args:
        model: Architecture and its parameters.
        channels: Channels of the images.
        resolution: Height and width of the images.

    Raises:
        UserError: The architecture does not make images of this resolution.
    """
    shape = ImageShape(channels, resolution, resolution)
    with torch.device("meta"):
        encoder, generator = ARCHITECTURES[model.name](shape, **model.parameters())
        return {
            "model": model.model_dump(),
            "image": list(shape),
            "encoder": _describe(encoder, torch.empty(2, *shape)),
            "generator": _describe(generator, torch.empty(2, model.parameters()["z_dim"])),
        }


def _describe(net: nn.Module, example: torch.Tensor) -> dict[str, Any]:
    layers: list[dict[str, Any]] = []

    def record(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        del inputs
        layers.append(
            {
                "layer": type(module).__name__,
                "output": list(output.shape[1:]),
                "parameters": count_parameters(module),
            }
        )

    leaves = [module for module in net.modules() if not list(module.children())]
    handles = [module.register_forward_hook(record) for module in leaves]
    net(example)
    for handle in handles:
        handle.remove()
    return {"parameters": count_parameters(net), "layers": layers}


def count_parameters(net: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(parameter.numel() for parameter in net.parameters())

"""Layers of a model, described in a moment: no weights are drawn, no large net is computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrize import is_parametrized
from torch.overrides import TorchFunctionMode

from ogan_bench.data.base import ImageShape
from ogan_bench.study.parts import Component, build

COMPUTED = 50_000_000  # parameters of a net up to which computing two images takes under a second


def describe_model(
    model: Component, channels: int, resolution: int, classes: int = 10
) -> dict[str, Any]:
    """Parameter counts and output shapes of both nets, layer by layer.

    Args:
        model: Architecture and its parameters.
        channels: Channels of the images.
        resolution: Height and width of the images.
        classes: Number of classes, for conditional generators.

    Raises:
        UserError: The architecture does not support images of this resolution.
    """
    shape = ImageShape(channels, resolution, resolution)
    with torch.device("meta"), ShapesOfSpectralNorms():
        architecture = build("models", model, shape, classes)
        encoder, generator = architecture.encoder(architecture.z_dim), architecture.generator()
    z, labels = torch.zeros(2, architecture.z_dim), torch.zeros(2, dtype=torch.long)
    return {
        "model": model.model_dump(),
        "image": list(shape),
        "encoder": _describe(encoder, torch.zeros(2, *shape)),
        "generator": _describe(generator, z, labels),
    }


OF_ONE_SHAPE = (
    torch.Tensor.normal_,
    torch.Tensor.div,
    torch.Tensor.__truediv__,
    functional.normalize,
)
"""Operations of spectral norms whose result has the shape of their first argument."""


class ShapesOfSpectralNorms(TorchFunctionMode):
    """Gives what spectral norms compute as they are made its shape, and no values.

    On the meta device, torch's rules for these operations import its compiler, which takes seconds.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in OF_ONE_SHAPE:
            return args[0] if kwargs.get("out") is None else kwargs["out"]
        if func in (torch.mv, torch.vdot):
            return args[0][..., 0]
        return func(*args, **kwargs)


def _describe(net: nn.Module, *example: torch.Tensor) -> dict[str, Any]:
    # The meta device would do for every net, but its rules of shapes import torch's compiler,
    # which takes seconds.
    device = "cpu" if count_parameters(net) <= COMPUTED else "meta"
    if device == "cpu":
        state = net.state_dict()
        zeros = {name: torch.zeros(part.shape, dtype=part.dtype) for name, part in state.items()}
        net.load_state_dict(zeros, assign=True)
    layers: list[dict[str, Any]] = []

    def record(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        del inputs
        layers.append(
            {
                "layer": type(module).__name__.removeprefix("Parametrized"),
                "output": list(output.shape[1:]),
                "parameters": count_parameters(module),
            }
        )

    handles = [layer.register_forward_hook(record) for layer in _layers(net)]
    with torch.no_grad(), torch.device(device):
        net(*(tensor.to(device) for tensor in example))
    for handle in handles:
        handle.remove()
    return {"parameters": count_parameters(net), "layers": layers}


def _layers(net: nn.Module) -> Iterator[nn.Module]:
    """Modules without children; a spectral norm belongs to the layer whose kernel it divides."""
    parts = [] if is_parametrized(net) else list(net.children())
    if not parts:
        yield net
    for part in parts:
        yield from _layers(part)


def count_parameters(net: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(parameter.numel() for parameter in net.parameters())

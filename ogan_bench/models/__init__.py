"""Encoder and generator architectures."""

from collections.abc import Callable

from torch import nn

from ogan_bench.models.dcgan import dcgan

ARCHITECTURES: dict[str, Callable[..., tuple[nn.Module, nn.Module]]] = {
    "dcgan": dcgan,
}

__all__ = ["ARCHITECTURES"]

"""Encoder and generator architectures."""

from collections.abc import Callable

from ogan_bench.models.base import Architecture
from ogan_bench.models.dcgan import dcgan
from ogan_bench.models.mlp import mlp
from ogan_bench.models.resnet import resnet

ARCHITECTURES: dict[str, Callable[..., Architecture]] = {
    "dcgan": dcgan,
    "resnet": resnet,
    "mlp": mlp,
}

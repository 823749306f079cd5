"""Objectives and generators that stand in where nothing is trained."""

from __future__ import annotations

from torch import Tensor, nn

from ogan_bench.models.base import Generator
from ogan_bench.objectives.base import LossTerms, Objective, Projection
from ogan_bench.objectives.forward_pass import ForwardPass


class Untrained(Objective):
    """An objective that trains nothing, with any projection."""

    def __init__(self, projection: Projection = "none") -> None:
        self._projection = projection

    @property
    def projection(self) -> Projection:
        return self._projection

    def encoder_loss(self, batch: ForwardPass) -> LossTerms:
        return {}

    def generator_loss(self, batch: ForwardPass) -> LossTerms:
        return {}


class Plain(Generator):
    """Any net as an unconditional generator."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.net(z)
        return images

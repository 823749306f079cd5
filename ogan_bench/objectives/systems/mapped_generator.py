"""Generators that map z to a latent space of their own first, in which codes are then."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from ogan_bench.models.base import Generator
from ogan_bench.objectives.base import Objective


class MappedGenerator(Generator):
    """G(z) = S(F(z)).

    Args:
        mapping: F, maps z to w of the same width.
        synthesis: S, maps w to images.
    """

    def __init__(self, mapping: nn.Module, synthesis: Generator) -> None:
        super().__init__()
        self.mapping = mapping
        self.synthesis = synthesis
        self.conditional = synthesis.conditional

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.synthesis(self.mapping(z), labels)
        return images


class MappedCodes(Objective):
    """An objective whose G is a :class:`MappedGenerator` and whose codes are w."""

    def latent(self, generator: Generator, z: Tensor) -> Tensor:
        w: Tensor = cast(MappedGenerator, generator).mapping(z)
        return w

    def decode(self, generator: Generator, code: Tensor, labels: Tensor | None) -> Tensor:
        images: Tensor = cast(MappedGenerator, generator).synthesis(code, labels)
        return images

"""Vision transformers as extractors, whatever they were trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ogan_bench.features.resizing import resized, standardised

LETTERS = {384: "s", 768: "b", 1024: "l", 1280: "h", 1536: "g"}
"""Letters of the standard widths: ViT-S, B, L, H and g."""


def architecture(family: str, width: int, patch: int) -> str:
    """Family, letter for the width, and patch size in pixels, such as ``dinov2-vitb14``."""
    return f"{family}-vit{LETTERS.get(width, f'{width}w')}{patch}"


@dataclass(frozen=True)
class VisionTransformer:
    """A vision transformer as an extractor.

    Args:
        net: A model of the library transformers.
        architecture: From :func:`architecture`.
        size: Height and width that images are resized to, with an antialiased bicubic filter.
        mean: Per channel, on the scale 0 to 1; subtracted from the images.
        deviation: Standard deviation per channel, on the same scale; divides the result.
        read: Maps the net and its input ``(n, 3, size, size)`` to features ``(n, k)``.
        weights_hash: SHA-256 of the weights file.
        device: Where it computes.
    """

    net: Any
    architecture: str
    size: int
    mean: Sequence[float]
    deviation: Sequence[float]
    read: Callable[[Any, Tensor], Tensor]
    weights_hash: str
    device: torch.device
    batch_size: int = 32

    @property
    def name(self) -> str:
        """``<architecture>:bicubic<size>@<hash of the file>``."""
        return f"{self.architecture}:bicubic{self.size}@{self.weights_hash[:8]}"

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 ``(n, c, h, w)`` to features ``(n, k)`` and no logits, ``(n, 0)``."""
        x = standardised(resized(images, self.size, "bicubic"), self.mean, self.deviation)
        features = self.read(self.net, x)
        return features, features[:, :0]

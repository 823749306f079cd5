"""A family of vision transformers with its weights on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from ogan_bench.features.pretrained_weights import Release
from ogan_bench.features.vision_transformers import VisionTransformer


@dataclass(frozen=True)
class Family:
    """A family of nets with a tiny member that has random weights."""

    release: Release
    make: Callable[[torch.device], VisionTransformer]
    folder: Path
    name: str
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    size: int

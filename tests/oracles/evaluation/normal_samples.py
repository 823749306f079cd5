"""Normal samples of a seed."""

from __future__ import annotations

import torch
from torch import Tensor


def normal(n: int, k: int, seed: int, mean: float = 0.0) -> Tensor:
    return torch.randn(n, k, generator=torch.Generator().manual_seed(seed)).add(mean)

"""Codes of noise, and classes for them."""

from __future__ import annotations

import torch
from torch import Tensor


def noise(n: int, d: int, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def classes(n: int, k: int = 4) -> Tensor:
    return torch.arange(n) % k

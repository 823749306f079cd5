"""Sets of feature vectors: when they can be compared, and how a subset is drawn."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.seeding import generator

FEWEST = 4
"""Fewest points for which a distance between sets is computed."""
BLOCK = 4096
"""Points that are in memory in double precision at a time."""


def check(samples: Tensor | None, reference: Tensor | None = None) -> None:
    """Reject sets whose distance would be meaningless.

    A collapsed generator is not among them: its distance is finite, large and worth reporting.

    Args:
        samples: Generated features, shape ``(n, k)``; ``None``: not checked.
        reference: Reference features, shape ``(m, k)``; ``None``: not checked.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.
    """
    for name, features in (("samples", samples), ("reference images", reference)):
        if features is None:
            continue
        if len(features) < FEWEST:
            raise NoValueError(f"{len(features)} {name} are too few")
        # Extremes take no memory, unlike a comparison of all values; one that is NaN is their NaN.
        if not bool(torch.stack(features.aminmax()).isfinite().all()):
            raise NoValueError(f"features of the {name} are not finite")
    if reference is not None and torch.equal(*reference.aminmax(dim=0)):
        raise NoValueError("features of the reference images are constant")


def part(points: Tensor, size: int, seed: int, stage: str, index: int = 0) -> Tensor:
    """A random subset, drawn without replacement.

    Args:
        points: Shape ``(n, k)``.
        size: Rows of the subset, at most n.
        seed: Seed of the choice.
        stage: Name of what the subset is for.
        index: Which of several subsets.
    """
    order = torch.randperm(len(points), generator=generator(seed, stage, index))
    return points[order[:size].to(points.device)]


def sum_over_blocks(points: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
    """Σ f(block) over blocks of rows in double precision.

    A copy of all points in double precision would take twice the memory of the points.

    Args:
        points: Shape ``(n, k)``, at least one row.
        of: f.
    """
    first, *others = points.split(BLOCK)
    total = of(first.double())
    for block in others:
        total += of(block.double())
    return total


def double_mean(points: Tensor) -> Tensor:
    """Mean of the rows in double precision, shape ``(k,)``."""
    return sum_over_blocks(points, lambda block: block.sum(0)) / len(points)


def place(device: torch.device) -> torch.device:
    """Where double precision is supported: the device itself, or the CPU for Apple's."""
    return torch.device("cpu") if device.type == "mps" else device

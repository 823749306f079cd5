"""How straight a path is in a feature space, and how its middle compares with its ends."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.standard_error import ErrorOfMean, Estimate, of_mean, ratio_of_means


def straightness(points: Tensor) -> Tensor:
    """Distance of a path's ends divided by its length.

        ‖x_K - x_0‖ / Σ_k ‖x_k+1 - x_k‖

    Args:
        points: K + 1 points of each of n paths, shape ``(K + 1, n, d)``.

    Returns:
        float64 in [0, 1], shape ``(n,)``: 1 for a straight path, 0 for one that ends where it
        starts, nan for one that has no length.

    Raises:
        NoValueError: No path has a length.
    """
    x = points.double()
    length = x.diff(dim=0).norm(dim=2).sum(0)
    if not length.any():
        raise NoValueError("no path has a length")
    chord = (x[-1] - x[0]).norm(dim=1)
    found: Tensor = (chord / length).clamp_max(1.0)  # rounding may exceed 1
    return found


def middle_to_ends(middle: Tensor, ends: Tensor, error: ErrorOfMean = of_mean) -> Estimate:
    """Mean distance at the middle of paths divided by the mean distance at their ends.

    The standard error is that of a ratio of means, to first order.

    Args:
        middle: Distances of the midpoints, shape ``(n,)``.
        ends: Distances of both ends, shape ``(2, n)``.
        error: Of a mean over paths; that of independent ones if they share no images.

    Raises:
        NoValueError: All ends have distance 0.
    """
    of_ends = ends.double().mean(0)
    if not bool(of_ends.any()):
        raise NoValueError("both ends of all paths have the features of training images")
    return ratio_of_means(middle, of_ends, error)


def shuffled_entries(codes: Tensor, random: torch.Generator) -> Tensor:
    """The entries of every code in an order of its own, shape ``(n, d)``."""
    order = torch.rand(codes.shape, generator=random).argsort(dim=1)
    return codes.gather(1, order.to(codes.device))

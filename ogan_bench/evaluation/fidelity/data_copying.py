"""Whether samples are closer to the training images than test images are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.standard_error import Estimate

FEWEST = 20
"""Samples, and test images, that a cell needs for the test's normal approximation."""


@dataclass(frozen=True)
class Distances:
    """Distances of a set to its nearest training images.

    Args:
        values: Shape ``(n,)``.
        cells: The cell of the training images that each point lies in, shape ``(n,)``.
    """

    values: Tensor
    cells: Tensor


@dataclass(frozen=True)
class Copying:
    """The statistic C_T.

    Args:
        statistic: Its value, and the standard error from the finite number of samples.
        deviation: Its standard deviation for perfect samples, from all sets.
        cells: Number of cells that are large enough.
    """

    statistic: Estimate
    deviation: float
    cells: int


def data_copying(samples: Distances, test: Distances, cells: int) -> Copying:
    """C_T: the mean over cells of the z of a Mann-Whitney test, by the cells' test images.

    A cell counts if at least 20 samples and 20 test images lie in it. In the authors' code it needs
    a minimal share of the samples and a single test image.

    Args:
        samples: Of the generated images.
        test: Of images of the same distribution as those trained on, but not trained on.
        cells: Number of cells.

    Returns:
        About 0 for new samples of the distribution; strongly negative: copies; positive: samples
        are farther from the training images than test images are.

    Raises:
        NoValueError: No cell is large enough.

    References:
        C. Meehan, K. Chaudhuri and S. Dasgupta, A Non-Parametric Test to Detect Data-Copying in
        Generative Models, 2020, https://arxiv.org/abs/2004.05675
    """
    found, weights = [], []
    for cell in range(cells):
        x, y = (of.values[of.cells == cell] for of in (samples, test))
        if min(len(x), len(y)) >= FEWEST:
            found.append(mann_whitney_z(x, y))
            weights.append(len(y))
    if not found:
        raise NoValueError(
            f"{len(samples.values)} samples and {len(test.values)} test images are too few: no "
            f"cell holds {FEWEST} of each"
        )
    shares = [weight / sum(weights) for weight in weights]
    value = math.fsum(w * z.value for w, z in zip(shares, found, strict=True))
    error = math.hypot(*(w * (z.standard_error or 0.0) for w, z in zip(shares, found, strict=True)))
    return Copying(Estimate(value, error), math.hypot(*shares), len(found))


def mann_whitney_z(x: Tensor, y: Tensor) -> Estimate:
    """(U - nm/2) / σ, where U counts the pairs with x > y, and ties half.

    σ² = nm/12 (n + m + 1 - Σ (t³ - t) / ((n + m)(n + m - 1))), with the sizes t of groups of equal
    values. If all values are equal, z is 0.

    Args:
        x: Shape ``(n,)``, at least 2 values.
        y: Shape ``(m,)``.

    Returns:
        z, and its standard error with y fixed.
    """
    n, m = len(x), len(y)
    ordered = y.sort().values
    below = torch.searchsorted(ordered, x) + torch.searchsorted(ordered, x, right=True)
    placements = below.double() / 2
    ties = torch.cat([x, y]).unique(return_counts=True)[1].double()
    total = n + m
    tied = float((ties**3 - ties).sum()) / (total * (total - 1))
    variance = n * m / 12 * (total + 1 - tied)
    if variance <= 0:
        return Estimate(0.0, 0.0)
    z = (float(placements.sum()) - n * m / 2) / math.sqrt(variance)
    return Estimate(z, math.sqrt(n * float(placements.var()) / variance))

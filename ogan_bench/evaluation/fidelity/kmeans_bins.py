"""K-means cells of the training images, and whether samples fall into them equally often."""

from __future__ import annotations

import math
import warnings

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.feature_sets import check
from ogan_bench.evaluation.standard_error import Estimate
from ogan_bench.seeding import derive

MOST = 100
POINTS_PER_CELL = 50
"""Of the smaller set, on average; with fewer, the test's normal approximation fails."""
LEVEL = 0.05
BLOCK = 10_000


def number_of_cells(n_samples: int, n_reference: int) -> int:
    """K: 100, or fewer if the smaller set would have less than 50 points per cell.

    Raises:
        NoValueError: K would be less than 2.
    """
    fewest = min(n_samples, n_reference)
    if fewest < 2 * POINTS_PER_CELL:
        raise NoValueError(f"{fewest} images are too few for cells of {POINTS_PER_CELL}")
    return min(MOST, fewest // POINTS_PER_CELL)


def centres(reference: Tensor, count: int, seed: int) -> Tensor:
    """Centres of the reference's k-means cells, shape ``(count, k)``.

    Args:
        reference: Reference features, shape ``(m, k)``.
        count: Number of cells.
        seed: Seed of the initial centres.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    check(None, reference)
    means = KMeans(
        count, n_init=1, max_iter=100, random_state=derive(seed, "evaluation/cells") % 2**32
    )
    with warnings.catch_warnings():
        # Fewer distinct points than cells leave cells empty, which the test can handle.
        warnings.simplefilter("ignore", ConvergenceWarning)
        means.fit(reference.cpu().numpy())
    return torch.from_numpy(means.cluster_centers_).to(reference)


def cell_counts(points: Tensor, centres: Tensor) -> Tensor:
    """How many points each centre is nearest to, shape ``(K,)``."""
    return cells_of(points, centres).bincount(minlength=len(centres)).cpu()


def cells_of(points: Tensor, centres: Tensor) -> Tensor:
    """The centre nearest to each point, shape ``(n,)``."""
    return torch.cat([torch.cdist(block, centres).argmin(1) for block in points.split(BLOCK)])


def different_cells(samples: Tensor, reference: Tensor) -> Estimate:
    """NDB/K: the share of cells whose proportions p and q differ at the 5 % level.

    Each is tested separately, two-sided, with the pooled proportion r of both sets:
    z = (p - q) / √(r (1 - r) (1/n + 1/m)). Perfect samples score about 0.05.

    Args:
        samples: Counts of the samples, shape ``(K,)``.
        reference: Counts of the reference, shape ``(K,)``.

    Returns:
        The share, and its standard error with the reference fixed: that of K tests, each of which
        comes out again with the chance that its z, redrawn about the value found, has.

    References:
        E. Richardson and Y. Weiss, On GANs and GMMs, 2018, https://arxiv.org/abs/1805.12462
    """
    a, b = samples.double(), reference.double()
    n, m = a.sum(), b.sum()
    pooled = (a + b) / (n + m)
    deviation = (pooled * (1 - pooled) * (1 / n + 1 / m)).sqrt()
    z = (a / n - b / m).abs() / deviation.clamp_min(torch.finfo(a.dtype).tiny)
    share = float((torch.special.erfc(z / math.sqrt(2)) < LEVEL).double().mean())
    scale = (a / n * (1 - a / n) / n).sqrt() / deviation.clamp_min(torch.finfo(a.dtype).tiny)
    critical = math.sqrt(2) * float(torch.special.erfinv(torch.tensor(1 - LEVEL).double()))
    scale = scale.clamp_min(torch.finfo(a.dtype).eps)
    chance = torch.special.ndtr((z - critical) / scale) + torch.special.ndtr(
        (-z - critical) / scale
    )
    return Estimate(share, float((chance * (1 - chance)).sum().sqrt()) / len(z))


def jensen_shannon(samples: Tensor, reference: Tensor) -> Estimate:
    """½ KL(p ‖ ½(p + q)) + ½ KL(q ‖ ½(p + q)) of two sets of counts, in nats: 0 to ln 2.

    Args:
        samples: Counts of the samples, shape ``(K,)``.
        reference: Counts of the reference, shape ``(K,)``.

    Returns:
        The divergence, and its standard error with the reference fixed: the influence of a sample
        of a cell is ½ ln(2p / (p + q)).
    """
    p, q = (counts.double() / counts.sum() for counts in (samples, reference))
    entropy = torch.special.entr
    both = entropy((p + q) / 2).sum() - (entropy(p).sum() + entropy(q).sum()) / 2
    influence = torch.where(p > 0, (2 * p / (p + q).clamp_min(1e-300)).log() / 2, 0)
    variance = (p * influence.square()).sum() - (p * influence).sum().square()
    error = math.sqrt(max(0.0, float(variance)) / int(samples.sum()))
    return Estimate(max(0.0, float(both)), error)


def jensen_shannon_floor(cells: int, n_samples: int, n_reference: int) -> float:
    """Expected :func:`jensen_shannon` of perfect samples, to first order.

    (K - 1)(1/n + 1/m) / 8, since 8 JS is approximately the χ² of the proportions.
    """
    return (cells - 1) * (1 / n_samples + 1 / n_reference) / 8

"""Nearest neighbours: manifolds made of balls, and samples that copy training images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.clipped import clipped_coverage, clipped_density
from ogan_bench.evaluation.fidelity.feature_sets import check, part
from ogan_bench.evaluation.standard_error import Estimate, of_blocks, of_mean, of_share

MANIFOLD_NEIGHBOURS = 3
DENSITY_NEIGHBOURS = 5
MAX_MANIFOLD = 10_000
BLOCK = 500
"""Points per block: all distances between 10,000 points at once take gigabytes, and allocating them
costs more time than computing them."""
JACKKNIFE = 10
"""Blocks of samples that are left out in turn for a standard error."""


@dataclass(frozen=True)
class Manifolds:
    """How the manifolds of two sets overlap.

    Args:
        precision: Share of samples in a ball of the reference, k = 3.
        recall: Share of the reference in a ball of the samples, k = 3. Its standard error is that
            of a share of the reference images; all others are of the samples, with the reference
            fixed.
        density: Number of reference balls that a sample is in, mean over samples, divided by k = 5.
        coverage: Share of the reference's balls that hold a sample, k = 5.
        clipped_density: See :func:`~ogan_bench.evaluation.fidelity.clipped.clipped_density`, k = 5.
        clipped_coverage: See :func:`~ogan_bench.evaluation.fidelity.clipped.clipped_coverage`.
        points: Number of samples.
    """

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate
    clipped_density: Estimate
    clipped_coverage: Estimate
    points: int


def manifolds(samples: Tensor, reference: Tensor, seed: int) -> Manifolds:
    """All quantities of balls around points, from one pass over all distances.

    The ball around a point reaches to its k-th nearest neighbour within its own set, with the
    authors' k = 3 for precision and recall and k = 5 for the others; a point on the surface is
    inside. A ball's size depends on the number of points, so both sets are randomly subsampled to
    the size of the smaller one, and to at most 10,000.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.
        seed: Seed of the subsampling.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        T. Kynkäänniemi et al., Improved Precision and Recall Metric for Assessing Generative
        Models, 2019, https://arxiv.org/abs/1904.06991;
        M. F. Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, 2020,
        https://arxiv.org/abs/2002.09797;
        N. Salvy et al., Enhanced Generative Model Evaluation with Clipped Density and Coverage,
        2025, https://arxiv.org/abs/2507.01761
    """
    check(samples, reference)
    n = min(len(samples), len(reference), MAX_MANIFOLD)
    if n <= DENSITY_NEIGHBOURS:
        raise NoValueError(
            f"{n} images on one side are too few for balls to the {DENSITY_NEIGHBOURS}th of their "
            "other images"
        )
    x = part(samples, n, seed, "evaluation/manifold/samples")
    y = part(reference, n, seed, "evaluation/manifold/reference")
    return overlap(x, y)


def overlap(x: Tensor, y: Tensor, k: int = DENSITY_NEIGHBOURS) -> Manifolds:
    """The quantities of :func:`manifolds` for sets taken as they are.

    Args:
        x: Samples, shape ``(n, k)``.
        y: Reference, shape ``(m, k)``.
        k: Neighbours for density, coverage and their clipped forms.
    """
    n, m, few = len(x), len(y), MANIFOLD_NEIGHBOURS
    (of_x,), (of_y, wide) = radii(x, few), radii(y, few, k)
    clipped = wide.clamp_max(wide.median())
    blocks = torch.arange(n, device=x.device) * JACKKNIFE // n
    held = x.new_zeros(JACKKNIFE, m, dtype=torch.int32)
    precise, dense, dense_clipped = [], [], []
    recalled = torch.zeros(m, dtype=torch.bool, device=x.device)
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        distances = _distances(x[rows], y)
        precise.append((distances <= of_y).any(1))
        recalled |= (distances <= of_x[rows, None]).any(0)
        inside = distances <= wide
        dense.append(inside.sum(1))
        dense_clipped.append((distances <= clipped).sum(1))
        held.index_add_(0, blocks[rows], inside.int())
    # A point lies in its own ball, which does not count.
    real = torch.cat([(_distances(b, y) <= clipped).sum(1) - 1 for b in y.split(BLOCK)])
    counts = held.sum(0)
    precision = float(torch.cat(precise).float().mean())
    recall = float(recalled.float().mean())
    density = torch.cat(dense).double() / k
    covered = [float((counts - block > 0).double().mean()) for block in held]
    return Manifolds(
        Estimate(precision, of_share(precision, n)),
        Estimate(recall, of_share(recall, m)),
        Estimate(float(density.mean()), of_mean(density)),
        Estimate(float((counts > 0).float().mean()), of_blocks(covered)),
        clipped_density(torch.cat(dense_clipped), real, k),
        clipped_coverage(held, blocks.bincount(minlength=JACKKNIFE).tolist(), k),
        n,
    )


def expected_coverage(n_samples: int, n_reference: int, k: int = DENSITY_NEIGHBOURS) -> float:
    """Coverage of perfect samples: 1 - Π_{i=1..k} (m - i) / (n + m - i).

    Args:
        n_samples: Number n of samples.
        n_reference: Number m of reference images.
        k: A ball reaches to the k-th neighbour.

    References:
        M. F. Naeem et al., 2020, https://arxiv.org/abs/2002.09797
    """
    n, m = n_samples, n_reference
    return 1 - math.prod((m - i) / (n + m - i) for i in range(1, k + 1))


def radii(points: Tensor, *neighbours: int) -> list[Tensor]:
    """Distances of every point to these nearest neighbours in its set, itself excluded.

    Args:
        points: More than the largest number of neighbours, shape ``(n, k)``.
        neighbours: Which ones, counted from 1.

    Returns:
        A tensor of shape ``(n,)`` for each.
    """
    most = max(neighbours) + 1
    ordered = torch.cat(
        [
            _distances(block, points).topk(most, largest=False).values
            for block in points.split(BLOCK)
        ]
    )
    return [ordered[:, k] for k in neighbours]


@dataclass(frozen=True)
class Nearest:
    """The nearest points in another set, or in the same set excluding the point itself.

    Args:
        distances: Ascending, float64, shape ``(n, c)``.
        indices: Which points they are, shape ``(n, c)``.
    """

    distances: Tensor
    indices: Tensor


def nearest(points: Tensor, among: Tensor | None = None) -> Nearest:
    """The nearest point in another set, or the two nearest others in the same set.

    The search is in single precision; the distances to the points found are exact.

    Args:
        points: Shape ``(n, k)``.
        among: The other set, shape ``(m, k)``; ``None``: the same set, excluding the point itself.

    Raises:
        NoValueError: There are fewer points than neighbours to find.
    """
    others, count = (points, 2) if among is None else (among, 1)
    if len(others) - (among is None) < count:
        raise NoValueError(f"{len(others)} images are too few to have {count} neighbours each")
    distances, indices = [], []
    for start, block in zip(range(0, len(points), BLOCK), points.split(BLOCK), strict=True):
        tiles = []
        for first, tile in zip(range(0, len(others), BLOCK), others.split(BLOCK), strict=True):
            found = torch.cdist(block, tile)
            if among is None and first == start:
                found.fill_diagonal_(math.inf)
            least, at = found.topk(min(count, len(tile)), largest=False)
            tiles.append((least, at + first))
        candidates = torch.cat([at for _, at in tiles], dim=1)
        least = torch.cat([values for values, _ in tiles], dim=1)
        chosen = candidates.gather(1, least.topk(count, largest=False).indices)
        exact = (block[:, None] - others[chosen]).double().square().sum(2).sqrt()
        order = exact.argsort(dim=1, stable=True)
        distances.append(exact.gather(1, order))
        indices.append(chosen.gather(1, order))
    return Nearest(torch.cat(distances), torch.cat(indices))


@dataclass(frozen=True)
class Authenticity:
    """How many samples are not copies of training images.

    Args:
        share: Share of authentic samples.
        held_out: The same for the training images, each against all others: about the share of
            perfect samples.
        closeness: Distance of every sample to its nearest training image, over the distance of
            that image to its own neighbour; 1 or less: a copy, shape ``(n,)``.
        indices: Nearest training image of every sample, shape ``(n,)``.
        distances: Distance of every sample to that image, shape ``(n,)``.
    """

    share: float
    held_out: float
    closeness: Tensor
    indices: Tensor
    distances: Tensor


def authenticity(samples: Tensor, training: Tensor, within: Nearest | None = None) -> Authenticity:
    """Share of samples with d(s, x) > d(x, x'), x nearest to s, x' nearest to x among the others.

    A sample that is closer to a training image than any other training image counts as a copy.
    That happens to new samples of the same distribution too, since neighbours are often mutual: to
    two thirds of them when uniform on a line, to fewer in more dimensions. The normal share is
    estimated by a method of our own: on the training images themselves, each held out in turn.

    Args:
        samples: Generated features, shape ``(n, k)``.
        training: Features of all training images, shape ``(m, k)``.
        within: :func:`nearest` of the training images, if already computed.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        A. M. Alaa et al., How Faithful is your Synthetic Data?, 2021,
        https://arxiv.org/abs/2102.08921
    """
    check(samples, training)
    within = nearest(training) if within is None else within
    found = nearest(samples, training)
    distances, indices = found.distances[:, 0], found.indices[:, 0]
    authentic = distances > within.distances[indices, 0]
    # A held-out image is not its neighbour's neighbour; the second nearest takes its place.
    own, of = torch.arange(len(training), device=training.device), within.indices[:, 0]
    mutual = (within.indices[of, 0] == own).long()
    new = within.distances[:, 0] > within.distances[of, mutual]
    # Copies of duplicate images give 0 / 0: they are copies.
    closeness = (distances / within.distances[indices, 0]).nan_to_num(nan=0.0, posinf=math.inf)
    return Authenticity(
        float(authentic.double().mean()),
        float(new.double().mean()),
        closeness,
        indices,
        distances,
    )


def _distances(points: Tensor, others: Tensor) -> Tensor:
    """Distances of all pairs, shape ``(n, m)``."""
    return torch.cat([torch.cdist(points, block) for block in others.split(BLOCK)], dim=1)

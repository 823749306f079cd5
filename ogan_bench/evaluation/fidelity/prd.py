"""Precision and recall of distributions: how much of one distribution another one accounts for.

References:
    M. S. M. Sajjadi et al., Assessing Generative Models via Precision and Recall, 2018,
    https://arxiv.org/abs/1806.00035
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.feature_sets import check, part
from ogan_bench.seeding import derive

CLUSTERS = 20
RUNS = 10
"""Of k-means, with other initial centres; the curves are averaged."""
MOST = 10_000
"""Points of each set."""
BETA = 8.0
ANGLES = 51
"""Points of a curve, at slopes λ = tan of evenly spaced angles, its ends at 0 and 90° included."""


@dataclass(frozen=True)
class DistributionOverlap:
    """The curve of precision α and recall β, and both of its ends.

    Args:
        recall: Largest F_8 on the curve, which weighs recall.
        precision: Largest F_1/8, which weighs precision.
        curve: See :func:`mean_curve`.
        points: Number of points of each set.
    """

    recall: float
    precision: float
    curve: Tensor
    points: int


def distribution_overlap(samples: Tensor, reference: Tensor, seed: int) -> DistributionOverlap:
    """F_8 and F_1/8 from 20 k-means cells of both sets together, over 10 runs of k-means.

    Both sets are randomly subsampled to the size of the smaller one, and to at most 10,000: with
    unequal numbers the larger set would decide where the cells are.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.
        seed: Seed of the subsampling and of the initial centres.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.
    """
    check(samples, reference)
    n = min(len(samples), len(reference), MOST)
    if 2 * n < CLUSTERS:
        raise NoValueError(f"{n} images on each side are too few for {CLUSTERS} cells")
    x, y = (
        part(points, n, seed, f"evaluation/prd/{name}")
        for name, points in {"samples": samples, "reference": reference}.items()
    )
    cells = _cells(torch.cat([x, y]), seed)
    return DistributionOverlap(
        largest_f(cells[:, :n], cells[:, n:], BETA),
        largest_f(cells[:, :n], cells[:, n:], 1 / BETA),
        mean_curve(cells[:, :n], cells[:, n:]),
        n,
    )


def largest_f(samples: Tensor, reference: Tensor, beta: float) -> float:
    """max_λ F_b(λ) of the mean curve over clusterings.

    With the cells' shares p of the reference and q of the samples,

        α(λ) = Σ_k min(λ p_k, q_k)  and  β(λ) = α(λ) / λ,  so
        F_b(λ) = (1 + b²) α β / (b² α + β) = (1 + b²) α(λ) / (1 + b² λ).

    Since α is piecewise linear, the largest is at one of the λ = q_k / p_k: no grid is needed.

    Args:
        samples: The cell of each sample in each clustering, shape ``(r, n)``.
        reference: The cell of each reference image, shape ``(r, m)``.
        beta: b.

    Returns:
        Between 0 and 1. There is no standard error: one that takes the cells as fixed is up to
        2.7 times too small, because other samples lead to other cells.
    """
    q, p = _shares(samples, reference)
    ratios = (q[p > 0] / p[p > 0]).unique()
    alphas = _precisions(q, p, ratios)
    each = (1 + beta**2) * alphas / (1 + beta**2 * ratios)
    return min(1.0, float(each.max()))


def mean_curve(samples: Tensor, reference: Tensor) -> Tensor:
    """β(λ) and α(λ), as in :func:`largest_f`, for the same λ whatever the sets are.

    So curves of several extractors or trials can be averaged point by point.

    Args:
        samples: As there.
        reference: As there.

    Returns:
        Recall and precision, from all of the recall to all of the precision, float64, shape
        ``(51, 2)``. In the limits λ → 0 and λ → ∞, they are the share of the reference in cells
        with samples, and that of the samples in cells with reference images.
    """
    q, p = _shares(samples, reference)
    slopes = torch.linspace(0, math.pi / 2, ANGLES, dtype=torch.float64)[1:-1].tan()
    alphas = _precisions(q, p, slopes)
    reached, faithful = (p * (q > 0)).sum(1).mean(), (q * (p > 0)).sum(1).mean()
    recall = torch.cat([reached[None], alphas / slopes, reached.new_zeros(1)])
    precision = torch.cat([reached.new_zeros(1), alphas, faithful[None]])
    return torch.stack([recall, precision], dim=1)


def _shares(samples: Tensor, reference: Tensor) -> list[Tensor]:
    """Shares of the cells among samples and reference images, float64, each ``(r, cells)``."""
    count = int(max(samples.max(), reference.max())) + 1
    return [
        torch.stack([run.bincount(minlength=count).double() / len(run) for run in cells])
        for cells in (samples, reference)
    ]


def _precisions(q: Tensor, p: Tensor, slopes: Tensor) -> Tensor:
    """α at every λ, mean over clusterings, shape ``(s,)``."""
    return torch.stack([torch.minimum(slope * p, q).sum(1).mean() for slope in slopes])


def _cells(points: Tensor, seed: int) -> Tensor:
    """The k-means cell of each point in each run, shape ``(r, n)``."""
    from sklearn.cluster import MiniBatchKMeans

    array = points.cpu().numpy()
    return torch.stack(
        [
            torch.from_numpy(
                MiniBatchKMeans(
                    CLUSTERS, n_init=10, random_state=derive(seed, "evaluation/prd", run) % 2**32
                ).fit_predict(array)
            ).long()
            for run in range(RUNS)
        ]
    )

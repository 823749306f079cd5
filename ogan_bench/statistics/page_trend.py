"""Trends over ordered arms, seed by seed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy  # `scipy.stats`, slow to import, loads when it is used
from numpy.typing import NDArray
from scipy import special

from ogan_bench.metrics import Direction
from ogan_bench.statistics.means import Interval, mean_interval
from ogan_bench.statistics.samples import ROUNDING

_EXACT = 7
"""Number of levels up to which all orders of a block (7! = 5040) are enumerated."""


class TrendResult(NamedTuple):
    """p-value of the claim, of its opposite, and the rank correlation with the levels."""

    p: float
    p_opposite: float
    correlation: Interval


def trend(
    blocks: Sequence[Sequence[float]] | NDArray[np.float64],
    *,
    better: Direction,
    confidence: float = 0.95,
) -> TrendResult:
    """Page's test of the claim "the metric gets better from the first to the last level".

    Every seed is a block; within it the levels are ranked from worst to best. With the rank
    ``r_ij`` of level j in block i, Page's statistic is ``L = Σ_i Σ_j j r_ij``. The null
    hypothesis is that within each block every order is as likely as any other. Up to 7 levels the
    p-values are exact, with ties or without: the distribution of each block's contribution over
    all orders of its ranks, convolved over the blocks. Beyond that, L is taken as normal with its
    exact mean and variance, ties included.

    The size of the trend is Spearman's correlation of level and rank within a seed, averaged over
    the seeds, with Student's t interval, clipped to [-1, 1]. A seed whose levels are all tied
    counts as 0.

    Args:
        blocks: Shape (seeds, levels), columns in the order of the levels. nan is a failed
            trial: worse than every value and tied with other failed ones. Seeds where a trial is
            missing for any other reason must be left out.
        better: Direction of the metric.
        confidence: Confidence level of the correlation's interval.

    Returns:
        P(L >= observed), P(L <= observed) and the correlation; all nan without seeds or with
        fewer than 2 levels.

    Raises:
        ValueError: ``blocks`` is not of shape (seeds, levels).

    References:
        E. B. Page, Ordered hypotheses for multiple treatments: a significance test for linear
            ranks, 1963.
    """
    values = np.asarray(blocks, dtype=np.float64)
    if values.size == 0:
        values = values.reshape(0, 0)
    if values.ndim != 2:
        raise ValueError("blocks have the shape (seeds, levels)")
    seeds, levels = values.shape
    if seeds == 0 or levels < 2:
        return TrendResult(math.nan, math.nan, Interval(math.nan, math.nan, math.nan))
    goodness = np.where(np.isnan(values), -math.inf, values if better == "higher" else -values)
    ranks = scipy.stats.rankdata(goodness, axis=1)
    sides = _exact_sides(ranks) if levels <= _EXACT else _normal_sides(ranks)
    return TrendResult(*sides, _correlation(ranks, confidence))


def page_p_values(ranks: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """p-values of the claim and of its opposite for many studies at once, none of them with ties.

    Args:
        ranks: Shape (studies, seeds, levels); within each block 1 to the number of levels.

    Returns:
        Two arrays of shape (studies,).
    """
    _, seeds, levels = ranks.shape
    sums = np.rint(ranks.sum(1) @ np.arange(1, levels + 1)).astype(np.int64)
    if levels > _EXACT:
        both = [_normal_sides(of_study) for of_study in ranks]
        return np.array([p for p, _ in both]), np.array([p for _, p in both])
    block = tuple(range(2, 2 * levels + 1, 2))
    lowest, chances = _distribution((block,) * seeds)
    below = np.cumsum(chances)
    place = 2 * sums - lowest
    return 1 - below[place] + chances[place], below[place]


def _correlation(ranks: NDArray[np.float64], confidence: float) -> Interval:
    order, spread = _centred(ranks)
    sizes = np.sqrt((order @ order) * np.sum(spread**2, axis=1))
    rho = np.divide(spread @ order, sizes, out=np.zeros(len(ranks)), where=sizes > 0)
    estimate, low, high = mean_interval(rho, confidence)
    return Interval(estimate, *(float(np.clip(bound, -1, 1)) for bound in (low, high)))


def _normal_sides(ranks: NDArray[np.float64]) -> tuple[float, float]:
    """The variance of ``Σ_j j r_ij`` over all orders is ``Σ (j - j̄)² Σ (r - r̄)² / (k - 1)``."""
    order, spread = _centred(ranks)
    variance = (order @ order) * np.sum(spread**2) / (len(order) - 1)
    if variance == 0:
        return 1.0, 1.0
    z = float(np.sum(spread @ order) / math.sqrt(variance))
    return float(special.ndtr(-z)), float(special.ndtr(z))


def _centred(ranks: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    levels = ranks.shape[1]
    order = np.arange(levels) - (levels - 1) / 2
    return order, ranks - (levels + 1) / 2


def _exact_sides(ranks: NDArray[np.float64]) -> tuple[float, float]:
    doubled = np.rint(2 * ranks).astype(np.int64)  # average ranks are multiples of a half
    observed = int((doubled @ np.arange(1, ranks.shape[1] + 1)).sum())
    lowest, chances = _distribution(tuple(sorted(tuple(sorted(row)) for row in doubled.tolist())))
    place = observed - lowest
    up = 1 + ROUNDING  # a p-value of exactly alpha must not fall below it
    p, p_opposite = up * chances[place:].sum(), up * chances[: place + 1].sum()
    return min(1.0, float(p)), min(1.0, float(p_opposite))


@lru_cache(maxsize=256)
def _distribution(blocks: tuple[tuple[int, ...], ...]) -> tuple[int, NDArray[np.float64]]:
    """Smallest value of ``Σ_i Σ_j j r_ij`` and the probabilities from there up."""
    smallest, chances = 0, np.ones(1)
    for block in blocks:
        low, own = _contribution(block)
        smallest, chances = smallest + low, np.convolve(chances, own)
    return smallest, chances


@lru_cache(maxsize=256)
def _contribution(ranks: tuple[int, ...]) -> tuple[int, NDArray[np.float64]]:
    """The same for one block: all orders of its ranks."""
    orders = np.array(list(itertools.permutations(ranks)), dtype=np.int64)
    sums = orders @ np.arange(1, len(ranks) + 1)
    low = int(sums.min())
    return low, np.bincount(sums - low) / len(sums)

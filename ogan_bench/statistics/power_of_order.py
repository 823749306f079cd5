"""Power of claims about the order of several arms, by simulation."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import scipy  # `scipy.stats`, slow to import, loads when it is used
from numpy.typing import NDArray
from scipy import special

from ogan_bench.metrics import Direction
from ogan_bench.statistics.page_trend import page_p_values

DRAWS = 1000
"""Simulated studies; the standard error of a power of 0.5 is then 0.016."""


def power_of_order(
    test: Literal["trend", "association"],
    pilot: NDArray[np.float64],
    n: int,
    *,
    better: Direction,
    alpha: float,
    sides: Literal[1, 2] = 2,
) -> float:
    """Probability that a claim about the order of arms is decided, supported or refuted.

    The likelier of the two, if values are normal with the means and covariances of the pilot. The
    same arguments give the same number.

    Args:
        test: ``trend``: each arm is better than the one before; ``association``: Page's test.
        pilot: Shape (seeds, arms), finite.
        n: Seeds of the study.
        better: Direction of the metric.
        alpha: Error level.
        sides: As for superiority.

    Returns:
        The power; nan for fewer than 2 seeds, of the pilot or of the study.
    """
    seeds, arms = pilot.shape
    if seeds < 2 or n < 2:
        return math.nan
    mean = pilot.mean(0)
    factor = (pilot - mean) / math.sqrt(seeds - 1)
    rng = np.random.default_rng(0)
    x = mean + rng.normal(size=(DRAWS, n, seeds)) @ factor
    x = x if better == "higher" else -x
    if test == "association":
        claim, opposite = page_p_values(scipy.stats.rankdata(x, axis=2))
    else:
        steps = np.diff(x, axis=2)
        error = steps.std(1, ddof=1) / math.sqrt(n)
        size = np.abs(steps).max() * 1e-12
        t = steps.mean(1) / np.maximum(error, max(size, np.finfo(float).tiny))
        claim = special.stdtr(n - 1, -t).max(1)
        opposite = np.minimum(1.0, (arms - 1) * special.stdtr(n - 1, t).min(1))
    decided = ((sides * p < alpha).mean() for p in (claim, opposite))
    return float(max(decided))

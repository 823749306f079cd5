"""The mean over two crossed random factors: training seeds and classifiers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ogan_bench.statistics.samples import moments


class CrossedMean(NamedTuple):
    """A mean, its standard error, and the t distribution's degrees of freedom."""

    mean: float
    error: float
    freedom: float


def crossed_mean(values: NDArray[np.float64]) -> CrossedMean:
    """The mean of y_ij = m + s_i + c_j + e_ij over seeds i and classifiers j, both random.

    With the variance a of the n means over classifiers, divided by n, the variance b of the C means
    over seeds, divided by C, and the residual mean square r, divided by nC, the variance of the
    mean is estimated without bias by ``a + b - r``, with Satterthwaite's degrees of freedom

        (a + b - r)² / (a² / (n - 1) + b² / (C - 1) + r² / ((n - 1)(C - 1))).

    Where a or b alone is larger, because a component of the variance is estimated as negative, that
    one is taken, with its own degrees of freedom. So one classifier gives Student's t over seeds.

    Simulated at n = 5 and C = 5, intervals of 95 % cover the mean in 95.1 to 98.7 % of cases for
    any ratio of the three components, those over seeds alone in as few as 0 %. At n = 2 they cover
    it in 91.7 % where the seeds' component is the largest.

    Args:
        values: Finite, shape ``(n, C)``.

    Returns:
        Error and degrees of freedom are nan for fewer than 2 seeds.

    References:
        F. E. Satterthwaite, An approximate distribution of estimates of variance components,
            Biometrics Bulletin 2, 1946.
    """
    n, classifiers = values.shape
    over_seeds = moments(values.mean(1))
    if n < 2:
        return CrossedMean(over_seeds.mean, math.nan, math.nan)
    alone = CrossedMean(over_seeds.mean, over_seeds.sd / math.sqrt(n), n - 1.0)
    if classifiers < 2:
        return alone
    over_classifiers = moments(values.mean(0))
    other = CrossedMean(
        over_seeds.mean, over_classifiers.sd / math.sqrt(classifiers), classifiers - 1.0
    )
    larger = max(alone, other, key=lambda mean: mean.error)
    if larger.error == 0:
        return alone
    # In units of the larger error, squares neither overflow nor vanish.
    rest = values - values.mean(1, keepdims=True) - values.mean(0) + values.mean()
    residual = float(np.square(rest / larger.error).sum())
    freedom = alone.freedom * other.freedom
    a, b = ((mean.error / larger.error) ** 2 for mean in (alone, other))
    r = residual / freedom / (n * classifiers)
    total = a + b - r
    if total <= 1:
        return larger
    spread = a**2 / alone.freedom + b**2 / other.freedom + r**2 / freedom
    return CrossedMean(over_seeds.mean, larger.error * math.sqrt(total), total**2 / spread)

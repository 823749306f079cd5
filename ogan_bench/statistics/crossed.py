"""The mean over two crossed random factors: training seeds and classifiers."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

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
    one is taken, with its own degrees of freedom; of two that are equal up to rounding, as where
    one value alone differs from all others, the smaller ones. So one classifier gives Student's t
    over seeds.

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
    residual = float(np.square(_rest(values) / larger.error).sum())
    a, b = ((mean.error / larger.error) ** 2 for mean in (alone, other))
    r = residual / (alone.freedom * other.freedom) / (n * classifiers)
    variance, freedom = _combined(a, b, r, alone.freedom, other.freedom)
    return CrossedMean(over_seeds.mean, larger.error * math.sqrt(variance), float(freedom))


class CrossedSpread(NamedTuple):
    """Variance components of values y_ij = m + s_i + c_j + e_ij, and the number of classifiers."""

    seeds: float
    classifiers: float
    rest: float
    members: int

    def error(self, n: int) -> float:
        """True standard error of the mean over n seeds; no number of seeds takes it to 0."""
        rest = self.rest / (n * self.members)
        return math.sqrt(self.seeds / n + self.classifiers / self.members + rest)

    def estimates(self, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Standard errors and degrees of freedom that :func:`crossed_mean` finds for n seeds.

        Simulated for normal values: the three mean squares are independent, each its expectation
        times ``χ²_f / f``. The same quantiles are drawn for every n.

        Returns:
            Two arrays of shape (:data:`DRAWS`,).
        """
        freedoms = np.array([n - 1.0, self.members - 1.0, (n - 1.0) * (self.members - 1.0)])
        rest = self.rest / (n * self.members)
        expected = np.array([self.seeds / n + rest, self.classifiers / self.members + rest, rest])
        quantiles = np.random.default_rng(0).random((3, DRAWS))
        halves = freedoms[:, None] / 2
        a, b, r = expected[:, None] * special.gammaincinv(halves, quantiles) / halves
        variance, freedom = _combined(a, b, r, freedoms[0], freedoms[1])
        return np.sqrt(variance), freedom


DRAWS = 4000
"""Simulated mean squares; a power that is averaged over them is exact to within 0.01."""


def crossed_spread(values: NDArray[np.float64]) -> CrossedSpread:
    """The components by the analysis of variance; one that is estimated as negative is 0.

    Args:
        values: Finite, shape ``(n, C)``, at least 2 each.
    """
    n, members = values.shape
    rest = float(np.square(_rest(values)).sum()) / ((n - 1) * (members - 1))
    seeds = moments(values.mean(1)).sd ** 2 - rest / members
    classifiers = moments(values.mean(0)).sd ** 2 - rest / n
    return CrossedSpread(max(seeds, 0.0), max(classifiers, 0.0), rest, members)


TIED = 1e-9
"""Relative difference below which two mean squares are equal: which of them rounding makes the
larger differs between processors."""


def _rest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """What neither the seed nor the classifier explains."""
    return np.asarray(values - values.mean(1, keepdims=True) - values.mean(0) + values.mean())


def _combined(
    a: Any, b: Any, r: Any, freedom_a: float, freedom_b: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variance of the mean and its degrees of freedom, by the rule of :func:`crossed_mean`."""
    total, larger = a + b - r, np.maximum(a, b)
    above = larger * (1 + TIED)
    spread = a**2 / freedom_a + b**2 / freedom_b + r**2 / (freedom_a * freedom_b)
    own = np.where(a > b, freedom_a, freedom_b)
    alone = np.where(np.minimum(a, b) * (1 + TIED) < larger, own, min(freedom_a, freedom_b))
    freedom = np.divide(total**2, spread, out=alone, where=total > above)
    return np.maximum(total, larger), freedom

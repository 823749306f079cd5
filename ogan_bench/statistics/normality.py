"""Whether values over seeds are normal, pooled over arms because each has only a few."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ogan_bench.statistics.samples import Sample, by_trial, moments

DRAWS = 2000
"""Simulated studies under normality; the standard error of a p-value of 0.05 is 0.005."""


def normality(arms: Sequence[Sample]) -> float:
    """p-value of "the values of every arm are normal", with a mean and variance of its own.

    The statistic is the pooled kurtosis ``Σ r⁴ / N`` of all values r, standardised within their
    arm; arms of three values or fewer, or without variance, say nothing and are left out. The
    standardised values of an arm are neither normal nor independent, so the distribution is
    simulated for the same numbers of values. It notices the rare training that goes wrong, to which
    t tests of few seeds are most sensitive.

    Args:
        arms: Values of each arm, shape (n,) or (n, C).

    Returns:
        The p-value; nan where no arm has four values.
    """
    samples = [by_trial(values) for values in arms]
    used = [x for x in samples if x.size > 3 and moments(x).sd > 0]
    if not used:
        return math.nan
    observed = sum(_fourth_powers(x[None]).sum() for x in used)
    rng = np.random.default_rng(0)
    simulated = sum(_fourth_powers(rng.normal(size=(DRAWS, x.size))) for x in used)
    return float((1 + np.sum(simulated >= observed * (1 - 1e-9))) / (1 + DRAWS))


def _fourth_powers(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the fourth powers of the standardised values of each row."""
    centred = x - x.mean(1, keepdims=True)
    variance = np.square(centred).mean(1)
    return np.asarray((centred**4).sum(1) / variance**2)

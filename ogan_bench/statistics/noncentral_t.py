"""The noncentral t distribution, as an average over the spread of the standard deviation.

``T = (Z + λ) / S`` with Z standard normal and ``S = sqrt(χ²_f / f)``, the estimated standard
deviation in units of the true one. Given S everything is normal, so a probability is a normal one
averaged over S. This holds for every t and λ, where the usual series break down for large ones.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

_PANELS, _NODES = 100, 20
_TAIL = 1e-15
_STEEP = 100.0
"""``t / sqrt(2 f)``, the spread of ``t S`` against that of Z, above which Z is a correction."""


@lru_cache(maxsize=256)
def spread(freedom: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points s and weights that average a function over ``S = sqrt(χ²_f / f)``.

    Gauss-Legendre quadrature in panels over all but ``1e-15`` of each tail of the density
    ``p(s) ∝ s^(f-1) exp(-f s² / 2)``; the weights sum to 1.
    """
    half = freedom / 2
    low = math.sqrt(float(special.gammaincinv(half, _TAIL)) / half)
    high = math.sqrt(float(special.gammainccinv(half, _TAIL)) / half)
    x, w = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(low, high, _PANELS + 1)
    s = (edges[:-1, None] + (x + 1) / 2 * np.diff(edges)[:, None]).ravel()
    log_density = (freedom - 1) * np.log(s) - half * s**2
    weights = np.tile(w, _PANELS) * np.exp(log_density - log_density.max())
    return s, weights / weights.sum()


def noncentrality(t: float, freedom: float, probability: float) -> float:
    """The λ for which ``P(T <= t) = probability``.

    ``P(T <= t) = E[Φ(t S - λ)]`` is solved for λ. Where ``t S`` varies far more than Z does, the
    solution is expanded in 1 / t: with ``P(S >= s) = probability`` and the density p of S,
    ``λ = t s - p'(s) / (2 t p(s))`` and ``p'(s) / p(s) = (f - 1) / s - f s``.
    """
    if t < 0:
        return -noncentrality(-t, freedom, 1 - probability)
    if t > _STEEP * math.sqrt(2 * freedom):
        s = math.sqrt(float(special.gammainccinv(freedom / 2, probability)) * 2 / freedom)
        return t * s - ((freedom - 1) / s - freedom * s) / (2 * t)
    s_values, weights = spread(freedom)

    def excess(noncentral: float) -> float:
        return float(weights @ special.ndtr(t * s_values - noncentral)) - probability

    return float(
        optimize.brentq(excess, t * float(s_values[0]) - 9, t * float(s_values[-1]) + 9, xtol=1e-9)
    )

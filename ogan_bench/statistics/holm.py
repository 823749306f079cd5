"""Families of tests: p-values adjusted for their number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ogan_bench.statistics.samples import Sample


def holm(p_values: Sample) -> NDArray[np.float64]:
    """p-values adjusted by Holm's step-down procedure.

    The i-th smallest of m (from 0) becomes the largest of ``(m - j) p_j`` over ``j <= i``, at
    most 1. Rejecting where the adjusted value is below alpha keeps the probability of any false
    rejection below alpha, whatever the dependence among the tests.

    Args:
        p_values: Shape (m,). A nan (a test that could not be run) counts in m and stays nan, so
            that a family does not become more lenient when trials are missing.

    Returns:
        Adjusted p-values, shape (m,).

    References:
        S. Holm, A simple sequentially rejective multiple test procedure, 1979.

    >>> [round(float(p), 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")  # nan last
    factors = p.size - np.arange(p.size)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted

"""Whether a mean lies in a stated range."""

from __future__ import annotations

import math

from ogan_bench.analysis.statistics.comparison import against, single
from ogan_bench.analysis.statistics.samples import Sample


def mean_within(values: Sample, low: float, high: float) -> float:
    """p-value of the claim "the true mean lies between low and high, both included".

    Two one-sided t tests: the larger of the p-values of ``mean > low`` and ``mean < high``.

    Args:
        values: Sample of n values.
        low: Lower end; minus infinity is no bound.
        high: Upper end; infinity is no bound.

    Returns:
        The p-value; nan for fewer than 2 values.

    Raises:
        ValueError: Not ``low <= high``.
    """
    mean = single(values)
    _check(low, high)
    lower, upper = against(mean, low, boundary=True), against(mean, high, boundary=False)
    return max(lower.above, upper.below)


def mean_outside(values: Sample, low: float, high: float) -> float:
    """p-value of the contrary of :func:`mean_within`; a small one refutes it.

    The smaller of the p-values of ``mean < low`` and ``mean > high``, doubled where there are two
    bounds.
    """
    mean = single(values)
    _check(low, high)
    lower, upper = against(mean, low, boundary=True), against(mean, high, boundary=False)
    p = min(lower.below, upper.above)
    return min(1.0, 2 * p) if math.isfinite(low) and math.isfinite(high) else p


def _check(low: float, high: float) -> None:
    if not low <= high:
        raise ValueError(f"no range: from {low:g} to {high:g}")

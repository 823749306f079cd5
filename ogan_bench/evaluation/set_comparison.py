"""Intervals for several sets of features against one reference, and tests of their differences.

Every quantity is computed again on random halves of a set, drawn without replacement, with the
whole reference. For a mean over n points, the variance over halves of them is that of the mean
itself: (1 - ½) s² / (n / 2) = s² / n. So the standard deviation over halves is the standard
error, for every quantity that behaves like a mean to first order. A bootstrap would repeat points,
and a repeated point is its own nearest neighbour: recall, coverage and the unbiased MMD would be
biased. What depends on the number of points alone, such as the bias of the Fréchet distance, shifts
all halves alike and leaves their spread as it is.

The reference is fixed: the intervals are of the samples, given the reference.

References:
    J. Shao and C. F. J. Wu, A General Theory for Jackknife Variance Estimation, 1989 (leaving out d
    points of n, for d in proportion to n)
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.feature_sets import part
from ogan_bench.evaluation.fidelity.feature_values import feature_values
from ogan_bench.evaluation.fidelity.reference import Reference
from ogan_bench.metrics.definition import SpaceName

HALVES = 50
"""Halves of each set; their standard deviation is known to about 10 %."""
CRITICAL = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Difference:
    """How much a set differs from the first one.

    Args:
        value: Its value less that of the first set.
        error: Standard error.
        p: Of a two-sided normal test of no difference; not adjusted for several tests.
    """

    value: float
    error: float
    p: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval."""
        return self.value - CRITICAL * self.error, self.value + CRITICAL * self.error


def half_values(
    samples: Tensor,
    reference: Reference,
    space: SpaceName,
    seed: int,
    *,
    without: Sequence[str] = (),
    halves: int = HALVES,
) -> dict[str, list[float]]:
    """Every quantity on random halves of a set; those that some half lacks are left out.

    Args:
        samples: Features, shape ``(n, k)``.
        reference: What they are compared with, whole.
        space: Which quantities are defined depends on it.
        seed: Seed of the halves.
        without: Quantities to leave out.
        halves: Their number, at least two.
    """
    found: dict[str, list[float]] = {}
    for index in range(halves):
        half = part(samples, len(samples) // 2, seed, "evaluation/halves", index)
        values = feature_values(Comparison(half, reference, seed), space, without)
        for name, value in values.items():
            if value is not None:
                found.setdefault(name, []).append(value)
    return {name: values for name, values in found.items() if len(values) == halves}


def mean_of_members(of_members: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    """Values on each half, averaged over an ensemble; those that some member lacks are left out.

    Args:
        of_members: What :func:`half_values` gives for the same halves in each member.
    """
    shared = set.intersection(*(set(values) for values in of_members))
    return {
        name: [statistics.fmean(half) for half in zip(*(v[name] for v in of_members), strict=True)]
        for name in of_members[0]
        if name in shared
    }


def standard_errors(of_halves: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Standard deviation of each quantity over the halves."""
    return {name: statistics.stdev(values) for name, values in of_halves.items()}


def difference(value: float, error: float, first: float, first_error: float) -> Difference:
    """Of two independent sets against the same reference.

    Args:
        value: Of a set.
        error: Its standard error.
        first: Value of the first set.
        first_error: Its standard error.
    """
    both, change = math.hypot(error, first_error), value - first
    if both == 0:
        return Difference(change, 0.0, 1.0 if change == 0 else 0.0)
    p = 2 * statistics.NormalDist().cdf(-abs(change) / both)
    return Difference(change, both, p)

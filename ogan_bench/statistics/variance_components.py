"""Where the variance comes from: between trained networks, or between evaluations of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ogan_bench.statistics.samples import Sample, moments

Table = Sequence[Sample]
"""One sample of repeated values per group."""


class Components(NamedTuple):
    """Variance between and within groups.

    Args:
        between: Variance of the groups' true means, at least 0.
        within: Variance of repeats within a group.
        share_between: ``between / (between + within)``, the intraclass correlation; nan where
            nothing varies.
        n_groups: Number of groups with values.
        n_values: Number of values.
        clipped: Whether the estimate of ``between`` was negative: the groups differ less than
            their repeats explain.
    """

    between: float
    within: float
    share_between: float
    n_groups: int
    n_values: int
    clipped: bool


def pooled_components(tables: Sequence[Table]) -> Components:
    """One-way analysis of variance with random groups, pooled over arms with separate means.

    Groups are training seeds, their repeats are sampling seeds.

    With the group sizes ``n_i``, their sum N and the number of groups k of each arm, the mean
    squares have the expectations ``E[SS_within / (N - k)] = within`` and
    ``E[SS_between] = (k - 1) (within + n₀ between)``, ``n₀ = (N - Σ n_i² / N) / (k - 1)``. Sums
    of squares and their expectations are added over the arms and solved for both variances.

    Args:
        tables: For each arm, one sample of repeats per group. Groups may differ in size; empty
            ones are left out.

    Returns:
        The components; nan where no arm has 2 groups, or no group has 2 values.

    References:
        S. R. Searle, G. Casella, C. E. McCulloch, Variance Components, 1992, chapter 3.
    """
    arms = [[moments(group) for group in table if len(group)] for table in tables]
    groups = [group for arm in arms for group in arm]
    n_values = sum(group.n for group in groups)
    squares_within = sum((group.n - 1) * group.sd**2 for group in groups if group.n > 1)
    freedom_within = n_values - len(groups)
    squares_between = freedom_between = size = 0.0
    for arm in (arm for arm in arms if len(arm) > 1):
        n = np.array([group.n for group in arm], dtype=np.float64)
        means = np.array([group.mean for group in arm])
        squares_between += float(n @ (means - n @ means / n.sum()) ** 2)
        freedom_between += len(arm) - 1
        size += float(n.sum() - n @ n / n.sum())
    if freedom_within == 0 or freedom_between == 0:
        nan = math.nan
        return Components(nan, nan, nan, len(groups), n_values, clipped=False)
    within = squares_within / freedom_within
    between = (squares_between - freedom_between * within) / size
    clipped, between = between < 0, max(between, 0.0)
    total = between + within
    share = between / total if total > 0 else math.nan
    return Components(between, within, share, len(groups), n_values, clipped)

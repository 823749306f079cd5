"""Means within a stated range: Student's t, exact limits and simulated error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from ogan_bench.statistics import mean_in_range

ALPHA = 0.05
INF = math.inf
modest = settings(deadline=None, max_examples=50)
samples = st.lists(
    st.integers(-100_000, 100_000).map(lambda value: value / 1000), min_size=2, max_size=10
)


@modest
@given(samples, st.integers(-50, 50).map(float), st.integers(0, 50).map(float))
def test_means_are_tested_by_students_t(sample: list[float], low: float, width: float) -> None:
    assume(np.ptp(sample) > 1e-6)
    high = low + width
    p, (_, above, _), (_, below, _) = DescrStatsW(sample).ttost_mean(low, high)
    assert mean_in_range(sample, low, high).claim == pytest.approx(p, abs=1e-9)
    assert mean_in_range(sample, low, INF).claim == pytest.approx(above, abs=1e-9)
    assert mean_in_range(sample, -INF, high).claim == pytest.approx(below, abs=1e-9)
    assert mean_in_range(sample, low, INF).opposite == pytest.approx(1 - above, abs=1e-9)
    assert mean_in_range(sample, -INF, high).opposite == pytest.approx(1 - below, abs=1e-9)
    outside = min(1, 2 * (1 - max(above, below)))
    assert mean_in_range(sample, low, high).opposite == pytest.approx(outside, abs=1e-9)


def test_means_without_variance_have_no_t_test() -> None:
    """By signed ranks, three values on one side of a bound are one of eight choices of signs."""
    values = [0.1] * 3
    assert all(map(math.isnan, mean_in_range(values, 0, 1)))
    for low, high, claim, opposite in (
        (0, 1, 1 / 8, 1.0),
        (0.2, 0.3, 1.0, 2 / 8),
        (0, INF, 1 / 8, 1.0),
        (0.1, 0.2, 1.0, 1.0),  # exactly at the bound: no sign, so nothing is known
    ):
        found = mean_in_range(values, low, high, by="signed_ranks")
        assert found == pytest.approx((claim, opposite))


def test_false_claims_about_means_come_at_their_level() -> None:
    rng = np.random.default_rng(0)
    repetitions = 3000
    false = np.zeros(4)
    for _ in range(repetitions):
        values = rng.normal(size=4)
        false += [
            mean_in_range(values, 0, INF).claim < ALPHA,
            mean_in_range(values, -50, 0).claim < ALPHA,
            mean_in_range(values, -INF, 0).opposite < ALPHA,
            mean_in_range(values, 0, 50).opposite < ALPHA,
        ]
    error = 3 * math.sqrt(ALPHA * (1 - ALPHA) / repetitions)
    assert false[:3] / repetitions == pytest.approx([ALPHA] * 3, abs=error)
    assert false[3] / repetitions == pytest.approx(ALPHA / 2, abs=error)  # doubled for two ends

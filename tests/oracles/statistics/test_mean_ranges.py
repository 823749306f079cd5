"""Means within a stated range: Student's t, exact limits and simulated error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from ogan_bench.statistics import mean_outside, mean_within

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
    assert mean_within(sample, low, high) == pytest.approx(p, abs=1e-9)
    assert mean_within(sample, low, INF) == pytest.approx(above, abs=1e-9)
    assert mean_within(sample, -INF, high) == pytest.approx(below, abs=1e-9)
    assert mean_outside(sample, low, INF) == pytest.approx(1 - above, abs=1e-9)
    assert mean_outside(sample, -INF, high) == pytest.approx(1 - below, abs=1e-9)
    outside = min(1, 2 * (1 - max(above, below)))
    assert mean_outside(sample, low, high) == pytest.approx(outside, abs=1e-9)


def test_means_without_variance_are_decided_exactly() -> None:
    values = [0.1] * 3
    for low, high, inside in ((0, 1, True), (0.1, 0.2, True), (0, 0.1, True), (0.2, 0.3, False)):
        assert mean_within(values, low, high) == (0 if inside else 1)
        assert mean_outside(values, low, high) == (1 if inside else 0)
    assert (mean_within(values, -INF, 0.1), mean_within(values, 0.1, INF)) == (0, 0)
    assert (mean_within(values, -INF, 0), mean_within(values, 0.2, INF)) == (1, 1)
    assert (mean_outside(values, -INF, 0), mean_outside(values, 0, INF)) == (0, 1)


def test_false_claims_about_means_come_at_their_level() -> None:
    rng = np.random.default_rng(0)
    repetitions = 3000
    false = np.zeros(4)
    for _ in range(repetitions):
        values = rng.normal(size=4)
        false += [
            mean_within(values, 0, INF) < ALPHA,
            mean_within(values, -50, 0) < ALPHA,
            mean_outside(values, -INF, 0) < ALPHA,
            mean_outside(values, 0, 50) < ALPHA,
        ]
    error = 3 * math.sqrt(ALPHA * (1 - ALPHA) / repetitions)
    assert false[:3] / repetitions == pytest.approx([ALPHA] * 3, abs=error)
    assert false[3] / repetitions == pytest.approx(ALPHA / 2, abs=error)  # doubled for two ends

"""Rates and their stated ranges: statsmodels, scipy and exact error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from ogan_bench.statistics import (
    mean_in_range,
    rate_interval,
    rate_outside,
    rate_within,
)

ALPHA = 0.05
INF = math.inf
modest = settings(deadline=None, max_examples=50)
counts = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
percent = st.integers(1, 99).map(lambda value: value / 100)


@modest
@given(counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_rate_interval_is_clopper_pearson(count: tuple[int, int], confidence: float) -> None:
    k, n = count
    rate, low, high = rate_interval(k, n, confidence)
    expected = proportion_confint(k, n, alpha=1 - confidence, method="beta")
    assert (low, high) == pytest.approx(expected, abs=1e-9)
    assert rate == k / n
    assert low <= rate <= high


def test_rates_that_were_always_or_never_seen() -> None:
    """Of n trials none failed: the upper bound is ``1 - tail^(1/n)``."""
    assert rate_interval(0, 8, 0.9) == pytest.approx((0, 0, 1 - 0.05 ** (1 / 8)))
    assert rate_interval(8, 8, 0.9) == pytest.approx((1, 0.05 ** (1 / 8), 1))
    assert rate_interval(0, 0) == pytest.approx((math.nan,) * 3, nan_ok=True)


@modest
@given(counts, percent, percent)
def test_rates_are_tested_by_exact_binomial_tests(
    count: tuple[int, int], first: float, second: float
) -> None:
    low, high = sorted((first, second))
    k, n = count
    above = float(stats.binomtest(k, n, low, alternative="greater").pvalue)
    below = float(stats.binomtest(k, n, low, alternative="less").pvalue)
    above_high = float(stats.binomtest(k, n, high, alternative="greater").pvalue)
    below_high = float(stats.binomtest(k, n, high, alternative="less").pvalue)
    assert rate_within(k, n, low, high) == pytest.approx(max(above, below_high))
    assert rate_within(k, n, 0, high) == pytest.approx(below_high)
    assert rate_within(k, n, low, INF) == pytest.approx(above)
    assert rate_outside(k, n, low, high) == pytest.approx(min(1, 2 * min(below, above_high)))
    assert rate_outside(k, n, -INF, high) == pytest.approx(above_high)
    assert rate_outside(k, n, low, 1) == pytest.approx(below)


def test_a_range_without_bounds_says_nothing() -> None:
    assert (rate_within(3, 7, 0, 1), rate_outside(3, 7, 0, 1)) == (0, 1)


def test_impossible_counts_and_ranges_are_refused() -> None:
    for k, n in ((-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="successes"):
            rate_interval(k, n)
    for low, high in ((0.5, 0.4), (1.5, 2.0), (-2.0, -1.0), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="no range of rates"):
            rate_within(1, 3, low, high)
    for low, high in ((2.0, 1.0), (-INF, INF)):
        with pytest.raises(ValueError, match="no range"):
            mean_in_range([1.0, 2.0], low, high)


@pytest.mark.parametrize("n", [5, 20, 60])
@pytest.mark.parametrize(("low", "high"), [(0, 0.1), (0.3, 1), (0.2, 0.6)])
def test_error_rates_of_rates_are_at_most_alpha(n: int, low: float, high: float) -> None:
    """Exactly, by the sum over all counts, at the ends of the range."""
    k = np.arange(n + 1)
    within = np.array([rate_within(int(i), n, low, high) for i in k])
    outside = np.array([rate_outside(int(i), n, low, high) for i in k])
    for end in {low, high} - {0, 1}:
        chances = stats.binom.pmf(k, n, end)
        assert chances[within < ALPHA].sum() <= ALPHA
        assert chances[outside < ALPHA].sum() <= ALPHA
        assert chances[(within < ALPHA) & (outside < ALPHA)].sum() == 0


def test_no_trials_decide_nothing() -> None:
    assert math.isnan(rate_within(0, 0, 0, 0.5))
    assert math.isnan(rate_outside(0, 0, 0, 0.5))
    for values in ([], [1.0]):
        assert math.isnan(mean_in_range(values, 0, 2).claim)
        assert math.isnan(mean_in_range(values, 0, INF).opposite)

"""Intervals of means and of their differences: scipy, pairs, and coverage in simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from ogan_bench.statistics import difference_interval, mean_interval, rerun_interval
from tests.oracles.statistics.generated_samples import REPETITIONS, pairs, samples, varies

modest = settings(deadline=None, max_examples=50)
Array = NDArray[np.float64]


@modest
@given(samples, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_mean_interval_is_students(sample: list[float], confidence: float) -> None:
    assume(varies(sample))
    expected = DescrStatsW(sample).tconfint_mean(alpha=1 - confidence)
    assert mean_interval(sample, confidence)[1:] == pytest.approx(expected, rel=1e-7, abs=1e-7)


@modest
@given(samples, samples, st.sampled_from([0.9, 0.95]))
def test_difference_interval_is_welchs(a: list[float], b: list[float], confidence: float) -> None:
    assume(varies(a, b))
    means = CompareMeans(DescrStatsW(a), DescrStatsW(b))
    expected = means.tconfint_diff(alpha=1 - confidence, usevar="unequal")
    assert difference_interval(a, b, confidence)[1:] == pytest.approx(expected, rel=1e-7, abs=1e-7)


def test_intervals_of_one_and_of_no_value() -> None:
    assert mean_interval([3.0]) == pytest.approx((3.0, math.nan, math.nan), nan_ok=True)
    assert mean_interval([]) == pytest.approx((math.nan,) * 3, nan_ok=True)
    assert difference_interval([3.0], [1.0]).estimate == 2


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        mean_interval([1.0, math.nan])


@pytest.mark.parametrize("n", [3, 5, 10])
def test_intervals_cover_what_they_promise(n: int) -> None:
    rng = np.random.default_rng(n)
    covered = np.zeros(2)
    for _ in range(REPETITIONS):
        a, b = rng.normal(size=n), 2 * rng.normal(size=n + 2)
        for i, (_, low, high) in enumerate((mean_interval(a), difference_interval(a, b))):
            covered[i] += low <= 0 <= high
    assert covered / REPETITIONS == pytest.approx([0.95, 0.95], abs=0.018)


def test_the_mean_of_as_many_new_values_lies_within_a_rerun_s_bounds() -> None:
    rng = np.random.default_rng(0)
    stored, new = rng.standard_normal((2, 2000, 5))
    bounds = [rerun_interval(values) for values in stored]
    inside = [
        found.low < mean < found.high for found, mean in zip(bounds, new.mean(axis=1), strict=True)
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


@modest
@given(pairs, st.sampled_from([0.9, 0.95]))
def test_paired_interval_is_that_of_the_differences(
    pair: tuple[Array, Array], confidence: float
) -> None:
    a, b = pair
    assume(np.ptp(a - b) > 1e-6)
    expected = DescrStatsW(a - b).tconfint_mean(alpha=1 - confidence)
    interval = difference_interval(a, b, confidence, paired=True)
    assert interval[1:] == pytest.approx(expected, rel=1e-7, abs=1e-7)
    assert interval.estimate == pytest.approx(float(np.mean(a - b)), abs=1e-9)

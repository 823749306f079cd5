"""Summaries over many settings against statsmodels, closed forms and simulated coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.oneway import anova_oneway

from ogan_bench.statistics import (
    interquartile_mean,
    log_ratio,
    mean_interval,
    random_effects,
    stratified_bootstrap,
)

NAN = math.nan
modest = settings(deadline=None, max_examples=40)
effects = st.integers(-5000, 5000).map(lambda value: value / 1000)
errors = st.integers(100, 3000).map(lambda value: value / 1000)
studies = st.lists(st.tuples(effects, errors), min_size=2, max_size=8)


@modest
@given(studies)
def test_summary_is_that_of_statsmodels_at_its_tau2(rows: list[tuple[float, float]]) -> None:
    """Random effects are fixed ones with τ² added to each variance."""
    y, e = np.array(rows).T
    assume(np.ptp(y) > 1e-3)
    found, k = random_effects(y, e), len(rows)
    fixed = combine_effects(y, e**2, use_t=True)
    assert found.q == pytest.approx(float(fixed.q))
    assert found.i2 == pytest.approx(max(0.0, float(fixed.i2)), abs=1e-9)
    homogeneity = fixed.test_homogeneity()
    assert found.p_heterogeneity == pytest.approx(float(homogeneity.pvalue), abs=1e-9)
    expected = combine_effects(y, e**2 + found.tau2, use_t=True)
    assert found.interval.estimate == pytest.approx(float(expected.mean_effect_fe), abs=1e-9)
    half = stats.t.ppf(0.975, k - 1) * float(expected.sd_eff_w_fe_hksj)
    half *= max(1.0, math.sqrt((k - 1) / float(expected.q)))  # never below that of known weights
    assert found.interval.high - found.interval.low == pytest.approx(2 * half)
    # Paule and Mandel: the weighted sum of squares is what chance gives, unless it always was.
    if found.tau2 > 0:
        assert float(expected.q) == pytest.approx(k - 1)
    else:
        assert found.q <= k - 1
    assert found.k == k


def test_tau2_is_that_of_statsmodels() -> None:
    y, e = np.array([0.1, 0.9, 1.6, -0.4, 0.7]), np.array([0.2, 0.3, 0.25, 0.4, 0.1])
    expected = combine_effects(y, e**2, method_re="iterated", use_t=True)
    found = random_effects(y, e)
    assert found.tau2 == pytest.approx(float(expected.tau2), rel=1e-4)
    assert found.interval.estimate == pytest.approx(float(expected.mean_effect_re), rel=1e-4)


@modest
@given(st.lists(effects, min_size=2, max_size=8), errors)
def test_equally_precise_settings_are_a_sample(y: list[float], error: float) -> None:
    """The interval is Student's, and τ² is what their variance exceeds that of one setting by."""
    assume(np.ptp(y) > 1e-3)
    found = random_effects(y, [error] * len(y))
    agree = np.var(y, ddof=1) < error**2  # by chance, more than their errors let them
    widened = error / math.sqrt(float(np.var(y, ddof=1))) if agree else 1.0
    mean, low, high = mean_interval(y)
    expected = (mean, mean - widened * (mean - low), mean + widened * (high - mean))
    assert found.interval == pytest.approx(expected, abs=1e-9)
    assert found.tau2 == pytest.approx(max(0.0, np.var(y, ddof=1) - error**2), abs=1e-6)
    if len(y) > 2:
        variance = found.tau2 + max(float(np.var(y, ddof=1)), error**2) / len(y)
        half = stats.t.ppf(0.975, len(y) - 2) * math.sqrt(variance)
        assert found.prediction.high == pytest.approx(float(np.mean(y)) + half, rel=1e-6)
    else:
        assert math.isnan(found.prediction.low)


def test_heterogeneity_with_estimated_errors_is_welchs_test() -> None:
    rng = np.random.default_rng(0)
    samples = [scale * rng.normal(size=n) + scale for n, scale in ((4, 1.0), (6, 2.0), (9, 0.5))]
    expected = anova_oneway(samples, use_var="unequal")
    found = random_effects(
        [float(x.mean()) for x in samples],
        [float(stats.sem(x)) for x in samples],
        [len(x) - 1 for x in samples],
    )
    assert found.p_heterogeneity == pytest.approx(float(expected.pvalue))


def test_one_setting_speaks_for_itself() -> None:
    found = random_effects([2.0], [0.5], [4])
    half = float(stats.t.ppf(0.975, 4)) / 2
    assert found.interval == pytest.approx((2, 2 - half, 2 + half))
    assert found.k == 1
    assert math.isnan(found.tau2)
    assert math.isnan(found.p_heterogeneity)
    half = float(stats.norm.ppf(0.975)) / 2
    assert random_effects([2.0], [0.5]).interval.high == pytest.approx(2 + half)


def test_settings_without_numbers_are_left_out() -> None:
    found = random_effects([1.0, NAN, 2.0, 3.0], [0.1, 0.1, NAN, 0.2], [4, 4, 4, 4])
    assert found == random_effects([1.0, 3.0], [0.1, 0.2], [4, 4])
    nothing = random_effects([NAN], [1.0])
    assert nothing.k == 0
    assert math.isnan(nothing.interval.estimate)


def test_settings_without_variance() -> None:
    same = random_effects([2.0, 2.0, 2.0], [0.0, 0.0, 0.0])
    assert same.interval == pytest.approx((2, 2, 2))
    assert same.tau2 == 0
    assert random_effects([0.0, 0.0], [0.0, 0.0]).interval == (0, 0, 0)
    unlike = random_effects([1.0, 2.0, 6.0], [0.0, 0.0, 0.0])
    assert unlike.interval == pytest.approx(mean_interval([1.0, 2.0, 6.0]))
    assert unlike.tau2 == pytest.approx(7)
    assert unlike.p_heterogeneity == 0
    mixed = random_effects([1.0, 2.0, 6.0], [0.0, 1.0, 1.0])
    assert mixed.interval.low < mixed.interval.estimate < mixed.interval.high


@pytest.mark.parametrize("tau", [0.0, 1.0])
@pytest.mark.parametrize("k", [3, 6])
def test_summary_covers_what_it_promises(k: int, tau: float) -> None:
    rng = np.random.default_rng(k)
    repetitions = 1500
    missed = missed_new = heterogeneous = 0
    for _ in range(repetitions):
        error = rng.uniform(0.3, 1.5, k)
        y = tau * rng.normal(size=k) + error * rng.normal(size=k)
        found = random_effects(y, error)
        missed += not found.interval.low <= 0 <= found.interval.high
        missed_new += not found.prediction.low <= tau * rng.normal() <= found.prediction.high
        heterogeneous += found.p_heterogeneity < 0.05
    upper = 0.05 + 3 * math.sqrt(0.0475 / repetitions)
    assert missed / repetitions < upper + 0.01  # the weights are estimated
    assert missed_new / repetitions < 0.15  # known to cover too little for few settings
    if tau == 0:
        assert heterogeneous / repetitions < upper


def test_log_ratio_has_the_error_of_the_delta_method() -> None:
    arm, control = np.array([2.0, 2.5, 3.0, 2.2]), np.array([1.0, 1.4, 1.3, 0.9])
    estimate, error, freedom = log_ratio(arm, control)
    assert estimate == pytest.approx(math.log(arm.mean() / control.mean()))
    parts = arm.var(ddof=1) / (4 * arm.mean() ** 2), control.var(ddof=1) / (4 * control.mean() ** 2)
    assert error == pytest.approx(math.sqrt(sum(parts)))
    assert freedom == pytest.approx(sum(parts) ** 2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 3))
    covariance = np.cov(arm, control)[0, 1] / (4 * arm.mean() * control.mean())
    estimate_paired, error_paired, freedom_paired = log_ratio(arm, control, paired=True)
    assert estimate_paired == estimate
    assert error_paired == pytest.approx(math.sqrt(sum(parts) - 2 * covariance))
    assert freedom_paired == 3


def test_log_ratio_of_the_unmeasurable() -> None:
    for arm, control in (([1.0, 0.0], [1.0]), ([1.0], [-1.0, 2.0]), ([], [1.0])):
        with pytest.raises(ValueError, match="positive"):
            log_ratio(arm, control)
    assert log_ratio([2.0], [1.0]) == pytest.approx((math.log(2), NAN, NAN), nan_ok=True)
    assert log_ratio([2.0, 4.0], [1.0, 2.0], paired=True)[:2] == pytest.approx((math.log(2), 0))


def test_interquartile_mean_is_that_of_the_middle_half() -> None:
    assert interquartile_mean([100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -100.0]) == 3.5
    assert interquartile_mean([7.0]) == 7
    assert math.isnan(interquartile_mean([]))


def strata() -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(0)
    return [rng.normal(place, 1 + place, size=6) for place in range(12)]


def test_stratified_bootstrap_is_that_of_scipy() -> None:
    samples = strata()
    found = stratified_bootstrap(samples, interquartile_mean, seed=1)
    expected = stats.bootstrap(
        tuple(samples),
        lambda *parts: interquartile_mean(np.concatenate(parts)),
        method="percentile",
        vectorized=False,
        n_resamples=2000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert found[1:] == pytest.approx((expected.low, expected.high), rel=1e-12)
    assert found.estimate == interquartile_mean(np.concatenate(samples))


def test_a_stratum_of_one_value_is_not_resampled() -> None:
    """One dataset may have a single seed."""
    found = stratified_bootstrap([[0.0, 4.0], [10.0]], lambda values: float(values.max()))
    assert found == (10, 10, 10)
    found = stratified_bootstrap([[0.0, 4.0], [10.0]], lambda values: float(values.min()))
    assert found == (0, 0, 4)


def test_stratified_bootstrap_is_seeded_and_keeps_strata_apart() -> None:
    samples = strata()
    first = stratified_bootstrap(samples, interquartile_mean, resamples=200)
    assert first == stratified_bootstrap(samples, interquartile_mean, resamples=200)
    assert first != stratified_bootstrap(samples, interquartile_mean, resamples=200, seed=1)
    constant = [[float(place)] * 3 for place in range(5)]
    assert stratified_bootstrap(constant, interquartile_mean, resamples=50) == (2, 2, 2)
    for empty in ([], [[1.0], []]):
        with pytest.raises(ValueError, match="strata"):
            stratified_bootstrap(empty, interquartile_mean)

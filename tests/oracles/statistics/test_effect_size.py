"""Effect sizes: the published correction, the noncentral t, limits, coverage in simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from ogan_bench.statistics import effect_size

modest = settings(deadline=None, max_examples=30)
samples = st.lists(
    st.integers(-100_000, 100_000).map(lambda value: value / 1000), min_size=2, max_size=10
)


def test_estimate_has_the_published_correction() -> None:
    a, b = [1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 4.0, 5.0, 6.0, 7.0]
    d = -2 / math.sqrt(2.5)
    assert effect_size(a, b).estimate == pytest.approx(0.90270 * d, rel=1e-4)  # J(8): 6/(2 Γ(3.5))
    assert effect_size(a, b, paired=True).estimate == effect_size(a, b).estimate


@modest
@given(samples, samples, st.sampled_from([0.8, 0.95]))
def test_bounds_are_where_the_observed_t_is_just_as_improbable(
    a: list[float], b: list[float], confidence: float
) -> None:
    x, y = np.array(a), np.array(b)
    assume(min(np.std(x), np.std(y)) > 1e-3)
    t = float(stats.ttest_ind(x, y).statistic)
    assume(0 <= t < 20)  # scipy's series is reliable here
    unit = math.sqrt(1 / len(a) + 1 / len(b))
    freedom = len(a) + len(b) - 2
    _, low, high = effect_size(a, b, confidence=confidence)
    for bound, tail in ((low, stats.nct.sf), (high, stats.nct.cdf)):
        assume(bound > 0 or t < 5)
        assert float(tail(t, freedom, bound / unit)) == pytest.approx(
            (1 - confidence) / 2, abs=1e-6
        )


def test_equal_means_have_normal_bounds() -> None:
    """At t = 0 the noncentral t distribution is below 0 with probability Φ(-λ)."""
    g, low, high = effect_size([1.0, 2.0, 3.0], [0.0, 2.0, 4.0, 2.0])
    half = stats.norm.ppf(0.975) * math.sqrt(1 / 3 + 1 / 4)
    assert (g, low, high) == pytest.approx((0, -half, half), abs=1e-9)


@modest
@given(samples, samples)
def test_swapped_arms_swap_the_interval_and_units_do_not_matter(
    a: list[float], b: list[float]
) -> None:
    assume(np.ptp(a) + np.ptp(b) > 1e-3)
    g, low, high = effect_size(a, b)
    assert low <= g <= high
    assert effect_size(b, a) == pytest.approx((-g, -high, -low), rel=1e-6, abs=1e-6)
    scaled = [[8 * value - 3 for value in sample] for sample in (a, b)]
    assert effect_size(*scaled) == pytest.approx((g, low, high), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("paired", [False, True])
def test_samples_without_variance(paired: bool) -> None:
    nan = math.nan
    for a, b, g in (([1, 1], [1, 1], 0), ([2, 2], [1, 1], math.inf), ([1, 1], [2, 2], -math.inf)):
        assert effect_size(a, b, paired=paired) == pytest.approx((g, nan, nan), nan_ok=True)
    for few in ([], [1.0]):
        assert effect_size(few, few, paired=paired) == pytest.approx((nan,) * 3, nan_ok=True)


def test_paired_bounds_of_algina_and_keselman() -> None:
    """Bounds of λ times ``sqrt(2 (s1² + s2² - 2 s12) / (n (s1² + s2²)))``."""
    arm = np.array([3.1, 4.0, 5.2, 4.4, 6.0])
    control = np.array([2.0, 3.1, 3.9, 3.8, 4.6])
    (v1, v12), (_, v2) = np.cov(arm, control)
    factor = math.sqrt(2 * (v1 + v2 - 2 * v12) / (5 * (v1 + v2)))
    t = float(stats.ttest_rel(arm, control).statistic)
    _, low, high = effect_size(arm, control, paired=True)
    assert float(stats.nct.sf(t, 4, low / factor)) == pytest.approx(0.025, abs=1e-7)
    assert float(stats.nct.cdf(t, 4, high / factor)) == pytest.approx(0.025, abs=1e-7)


def test_arms_in_parallel_leave_the_spread_alone_uncertain() -> None:
    """Without variance of the difference the bounds are those of 1 / σ: ``d sqrt(χ² / f)``."""
    control = np.array([1.0, 2.0, 4.0, 5.0])
    d = 2 / float(np.std(control, ddof=1))
    g, low, high = effect_size(control + 2, control, paired=True)
    expected = d * np.sqrt(stats.chi2.ppf([0.025, 0.975], 3) / 3)
    assert (low, high) == pytest.approx(tuple(expected), rel=1e-9)
    assert low < g < high
    assert effect_size(control, control, paired=True) == (0, 0, 0)


@pytest.mark.parametrize("distance", [1e3, 1e6, 1e12])
def test_huge_effects_are_bounded_by_the_spread_alone(distance: float) -> None:
    a, b = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0])
    g, low, high = effect_size(a + distance, b)
    assert high / low == pytest.approx(
        math.sqrt(stats.chi2.ppf(0.975, 5) / stats.chi2.ppf(0.025, 5)), rel=1e-4
    )
    assert low < g < high


REPETITIONS = 600
THREE_ERRORS = 3 * math.sqrt(0.05 * 0.95 / REPETITIONS)


def misses(effect: float, n: int, m: int, rho: float | None) -> float:
    """Share of intervals that miss the true effect of normal arms of equal variance."""
    rng = np.random.default_rng(n)
    missed = 0
    for _ in range(REPETITIONS):
        control, arm = rng.normal(size=m), rng.normal(size=n)
        if rho is not None:
            arm = rho * control + math.sqrt(1 - rho**2) * arm
        _, low, high = effect_size(arm + effect, control, paired=rho is not None)
        missed += not low <= effect <= high
    return missed / REPETITIONS


@pytest.mark.parametrize(("n", "m", "effect"), [(3, 3, 0.0), (5, 5, 1.0), (3, 8, 3.0)])
def test_interval_covers_exactly(n: int, m: int, effect: float) -> None:
    assert misses(effect, n, m, None) == pytest.approx(0.05, abs=THREE_ERRORS)


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.95])
@pytest.mark.parametrize("effect", [0.0, 1.0, 3.0])
def test_paired_interval_covers_about_what_it_promises(effect: float, rho: float) -> None:
    assert 0.005 < misses(effect, 5, 5, rho) < 0.065 + THREE_ERRORS

"""Power against statsmodels, against exact sums and against the tests themselves, simulated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from ogan_bench.statistics import (
    PValues,
    Test,
    equivalence,
    mean_in_range,
    non_inferiority,
    power,
    power_of_mean,
    power_of_rate,
    rate_within,
    seeds_needed,
    superiority,
)

INF, NAN = math.inf, math.nan
CLAIMS: dict[Test, Callable[..., PValues]] = {
    "superiority": superiority,
    "non_inferiority": non_inferiority,
    "equivalence": equivalence,
}
modest = settings(deadline=None, max_examples=40)
sizes = st.integers(2, 60)
effects = st.integers(-100, 300).map(lambda value: value / 100)
levels = st.sampled_from([0.001, 0.01, 0.05])


@modest
@given(sizes, effects, levels)
def test_power_of_superiority_is_that_of_students_test(n: int, effect: float, alpha: float) -> None:
    expected = TTestIndPower().power(effect, n, alpha, ratio=1, alternative="larger")
    found = power("superiority", n=n, difference=3 * effect, sd=3, alpha=alpha)
    assert found == pytest.approx(float(expected), abs=1e-7)
    shifted = power("superiority", n=n, difference=effect + 2, margin=2, sd=1, alpha=alpha)
    assert shifted == pytest.approx(found, abs=1e-9)
    inferior = power("non_inferiority", n=n, difference=effect - 2, margin=2, sd=1, alpha=alpha)
    assert inferior == pytest.approx(found, abs=1e-9)
    two = power("superiority", n=n, difference=effect, sd=1, alpha=2 * alpha, sides=2)
    assert two == pytest.approx(found, abs=1e-9)


@modest
@given(sizes, effects, levels, st.sampled_from([-0.5, 0.0, 0.7, 0.95]))
def test_power_of_a_paired_test_is_that_of_the_differences(
    n: int, effect: float, alpha: float, rho: float
) -> None:
    spread = math.sqrt(2**2 + 3**2 - 2 * rho * 2 * 3)
    expected = TTestPower().power(effect / spread, n, alpha, alternative="larger")
    found = power(
        "superiority",
        n=n,
        difference=effect,
        sd=2,
        sd_control=3,
        correlation=rho,
        paired=True,
        alpha=alpha,
    )
    assert found == pytest.approx(float(expected), abs=1e-5)


def test_large_effects_and_wide_margins_have_certain_power() -> None:
    assert power("superiority", n=3, difference=1e6, sd=1) == pytest.approx(1)
    assert power("superiority", n=3, difference=-1e6, sd=1) == pytest.approx(0)
    assert power("equivalence", n=3, difference=0, margin=1e6, sd=1) == pytest.approx(1)
    # A margin far out on one side leaves the test of the other alone.
    one = power("non_inferiority", n=6, difference=99, margin=1, sd=40)
    both = power("equivalence", n=6, difference=1e5 - 100, margin=1e5, sd=40)
    assert both == pytest.approx(one, abs=1e-9)


REPETITIONS = 2000


@pytest.mark.parametrize(
    ("test", "n", "asked"),
    [
        ("superiority", 5, {"difference": 1.5}),
        ("non_inferiority", 5, {"difference": 0.0, "margin": 1.5}),
        ("equivalence", 5, {"difference": 0.0, "margin": 2.0}),
        ("equivalence", 8, {"difference": 0.5, "margin": 2.0}),
        ("superiority", 8, {"difference": 2.0, "sd_control": 2.0}),
        ("equivalence", 10, {"difference": 0.2, "margin": 2.0, "sd_control": 0.5}),
        ("equivalence", 4, {"difference": 0.1, "margin": 1.0, "correlation": 0.8, "paired": True}),
        ("superiority", 5, {"difference": 1.5, "sides": 2}),
    ],
)
def test_power_is_how_often_the_test_supports(test: Test, n: int, asked: dict[str, Any]) -> None:
    """Exact if paired; Welch's test comes within 2 % of the stated power."""
    rng = np.random.default_rng(n)
    how: dict[str, Any] = {key: asked[key] for key in ("margin", "sides") if key in asked}
    how["by"] = "paired" if asked.get("paired") else "welch"
    rho, spread = asked.get("correlation", 0.0), asked.get("sd_control", 1.0)
    found = 0
    for _ in range(REPETITIONS):
        control, own = rng.normal(size=(2, n))
        arm = rho * control + math.sqrt(1 - rho**2) * own + asked["difference"]
        found += CLAIMS[test](arm, spread * control, better="higher", **how).claim < 0.05
    expected = power(test, n=n, sd=1, **asked)
    tolerance = 3 * math.sqrt(expected * (1 - expected) / REPETITIONS)
    tolerance += 0.0 if asked.get("paired") else 0.02
    assert found / REPETITIONS == pytest.approx(expected, abs=tolerance)


def test_power_without_variance_is_certain() -> None:
    assert power("superiority", n=2, difference=0.1, sd=0) == 1
    assert power("superiority", n=2, difference=0.0, sd=0) == 0
    assert power("non_inferiority", n=2, difference=0.0, margin=0.1, sd=0) == 1
    assert power("equivalence", n=2, difference=0.2, margin=0.1, sd=0) == 0
    assert power("superiority", n=5, difference=1, sd=1, correlation=1, paired=True) == 1


def test_power_of_what_is_unknown_is_unknown() -> None:
    for asked in ({"n": 1}, {"sd": NAN}, {"difference": NAN}, {"margin": NAN}):
        for test in CLAIMS:
            settled: Any = {"n": 5, "difference": 1.0, "sd": 1.0, "margin": 2.0, **asked}
            assert math.isnan(power(test, **settled))
    assert math.isnan(power("superiority", n=5, difference=1, sd=1, correlation=NAN, paired=True))
    assert math.isnan(power_of_mean(1, 0, 1, 0, 1))
    assert math.isnan(power_of_rate(0, 0.1, 0, 0.2))
    assert math.isnan(power_of_rate(5, NAN, 0, 0.2))


def test_power_of_a_mean_is_that_of_one_sample() -> None:
    expected = TTestPower().power(0.7, 6, 0.05, alternative="larger")
    assert power_of_mean(6, 1.7, 1, 1, INF) == pytest.approx(float(expected), abs=1e-7)
    assert power_of_mean(6, -1.7, 1, -INF, -1) == pytest.approx(float(expected), abs=1e-7)
    assert power_of_mean(6, 0, 1, -INF, INF) == pytest.approx(1)
    rng = np.random.default_rng(0)
    found = sum(mean_in_range(rng.normal(size=6), -1, 1.2).claim < 0.05 for _ in range(REPETITIONS))
    assert found / REPETITIONS == pytest.approx(power_of_mean(6, 0, 1, -1, 1.2), abs=0.034)


@pytest.mark.parametrize(("low", "high"), [(0, 0.2), (0.5, 1), (0.1, 0.6)])
def test_power_of_a_rate_is_the_sum_over_all_counts(low: float, high: float) -> None:
    n, rate = 25, 0.3
    expected = sum(
        float(stats.binom.pmf(k, n, rate))
        for k in range(n + 1)
        if rate_within(k, n, low, high) < 0.05
    )
    assert power_of_rate(n, rate, low, high) == pytest.approx(expected)
    assert power_of_rate(n, rate, 0, 1) == pytest.approx(1)


@pytest.mark.parametrize("effect", [0.3, 0.8, 1.5])
def test_seeds_needed_are_those_of_statsmodels(effect: float) -> None:
    expected = TTestIndPower().solve_power(effect, alpha=0.05, power=0.8, alternative="larger")

    def at(n: int) -> float:
        return power("superiority", n=n, difference=effect, sd=1)

    found = seeds_needed(at)
    assert found == math.ceil(float(np.squeeze(expected)))


def test_seeds_that_are_never_enough() -> None:
    assert seeds_needed(lambda n: power("superiority", n=n, difference=-1, sd=1)) is None
    assert seeds_needed(lambda n: NAN) is None
    assert seeds_needed(lambda n: n / 1000, 1.0) == 1000
    assert seeds_needed(lambda n: n / 1001, 1.0) is None
    assert seeds_needed(lambda n: 1.0) == 2
    assert seeds_needed(lambda n: n / 10, 0.7, most=7) == 7


def test_seeds_needed_for_a_rate_suffice() -> None:
    found = seeds_needed(lambda n: power_of_rate(n, 0.05, 0, 0.3))
    assert found is not None
    assert power_of_rate(found, 0.05, 0, 0.3) >= 0.8

"""Rank tests and failed trials: scipy, all choices counted, error rates in simulations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from ogan_bench.metrics import Direction
from ogan_bench.statistics import probability_of_improvement, rank_test, trend

Array = NDArray[np.float64]
ALPHA = 0.05
NAN = math.nan
DIRECTIONS: tuple[Direction, ...] = ("lower", "higher")
modest = settings(deadline=None, max_examples=50)
directions = st.sampled_from(DIRECTIONS)
samples = st.lists(st.integers(0, 1000).map(float), min_size=1, max_size=10)
tied_samples = st.lists(st.integers(0, 3).map(float), min_size=1, max_size=5)


def oriented(a: list[float], b: list[float], better: Direction) -> tuple[Array, Array]:
    """The better direction turned upwards."""
    sign = 1 if better == "higher" else -1
    return sign * np.array(a), sign * np.array(b)


@modest
@given(samples, samples, directions)
def test_probability_of_improvement_is_mann_whitney(
    a: list[float], b: list[float], better: Direction
) -> None:
    assume(np.ptp(a + b) > 0)
    u = stats.mannwhitneyu(*oriented(a, b, better), method="asymptotic").statistic
    expected = float(u) / (len(a) * len(b))
    assert probability_of_improvement(a, b, better=better) == pytest.approx(expected)


@modest
@given(samples, samples, directions)
def test_rank_test_without_ties_is_the_exact_mann_whitney_test(
    a: list[float], b: list[float], better: Direction
) -> None:
    assume(len({*a, *b}) == len(a) + len(b))
    x, y = oriented(a, b, better)
    expected = stats.mannwhitneyu(x, y, alternative="greater", method="exact").pvalue
    assert rank_test(a, b, better=better) == pytest.approx(float(expected))


@modest
@given(tied_samples, tied_samples, st.tuples(st.integers(0, 2), st.integers(0, 2)), directions)
def test_rank_test_counts_all_choices_of_the_arms_trials(
    a: list[float], b: list[float], failed: tuple[int, int], better: Direction
) -> None:
    x, y = oriented(a, b, better)
    pooled = np.concatenate([x, [-99] * failed[0], y, [-99] * failed[1]])
    ranks, n = stats.rankdata(pooled), len(a) + failed[0]
    sums = [sum(chosen) for chosen in itertools.combinations(ranks, n)]
    expected = np.mean([total >= ranks[:n].sum() for total in sums])
    assert rank_test(a, b, better=better, failed=failed) == pytest.approx(float(expected))


def test_rank_test_of_many_trials_is_asymptotic() -> None:
    rng = np.random.default_rng(0)
    a, b = np.floor(rng.uniform(3, 23, 40)), np.floor(rng.uniform(0, 20, 45))
    expected = stats.mannwhitneyu(a, b, alternative="greater", method="asymptotic").pvalue
    assert rank_test(a, b, better="higher") == pytest.approx(float(expected))
    assert rank_test([1.0] * 40, [1.0] * 40, better="higher") == 1


def test_rank_test_is_continuous_where_it_becomes_asymptotic() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.5, size=30), rng.normal(size=30)
    approximate = stats.mannwhitneyu(a, b, alternative="greater", method="asymptotic").pvalue
    assert rank_test(a, b, better="higher") == pytest.approx(float(approximate), abs=2e-3)


def test_failed_trials_are_the_worst() -> None:
    for better in DIRECTIONS:
        assert probability_of_improvement([], [1.0, 2.0], better=better, failed=(3, 0)) == 0
        assert probability_of_improvement([5.0], [], better=better, failed=(0, 2)) == 1
        assert probability_of_improvement([], [], better=better, failed=(1, 4)) == 0.5
        assert rank_test([1.0] * 5, [], better=better, failed=(0, 5)) == pytest.approx(1 / 252)
        assert rank_test([], [1.0] * 5, better=better, failed=(5, 0)) == 1
        assert rank_test([], [], better=better, failed=(3, 3)) == 1
    # 2 of the 3 pairs of a value and a failed trial, and one tie of the failed among themselves.
    p = probability_of_improvement([3.0], [1.0, 2.0], better="lower", failed=(1, 1))
    assert p == pytest.approx((1 + 0.5) / 6)


def test_ranks_of_nothing_are_unknown() -> None:
    for a, b in (([], [1.0]), ([1.0], []), ([], [])):
        assert math.isnan(probability_of_improvement(a, b, better="lower"))
        assert math.isnan(rank_test(a, b, better="lower"))


REPETITIONS = 2000


def at_most(rate: float) -> float:
    return rate + 3 * math.sqrt(rate * (1 - rate) / REPETITIONS)


@pytest.mark.parametrize("failing", [0.0, 0.3])
def test_false_claims_by_ranks_are_rare(failing: float) -> None:
    """Without a trend and without a difference, whether trials fail or not."""
    rng = np.random.default_rng(7)
    false = dict.fromkeys(("trend", "contrary", "long trend", "rank test"), 0)
    for _ in range(REPETITIONS):
        long = rng.normal(size=(5, 8))
        long[rng.random(size=long.shape) < failing] = NAN
        short = trend(long[:, :4], better="lower")
        arm, control = (row[~np.isnan(row)] for row in long[:2])
        p = {
            "trend": short.p,
            "contrary": short.p_opposite,
            "long trend": trend(long, better="lower").p,
            "rank test": rank_test(
                arm, control, better="lower", failed=(8 - len(arm), 8 - len(control))
            ),
        }
        for name, value in p.items():
            false[name] += value < ALPHA
    for name, count in false.items():
        assert 0.02 < count / REPETITIONS < at_most(ALPHA), (name, count / REPETITIONS)

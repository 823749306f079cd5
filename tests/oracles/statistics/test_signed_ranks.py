"""Exact signed-rank tests: scipy, all signs counted, monotone in failures, error rates."""

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
from ogan_bench.statistics import (
    few_values,
    paired_advantages,
    signed_rank_interval,
    signed_rank_sides,
    superiority,
)

Array = NDArray[np.float64]
INF, NAN = math.inf, math.nan
modest = settings(deadline=None, max_examples=60)
whole = st.integers(-4, 4).map(float)
with_failures = st.lists(st.one_of(whole, st.sampled_from([INF, -INF])), min_size=2, max_size=6)
directions: st.SearchStrategy[Direction] = st.sampled_from(["lower", "higher"])


@modest
@given(st.lists(st.integers(-1000, 1000).filter(bool), min_size=2, max_size=12))
def test_without_ties_it_is_scipys_exact_test(values: list[int]) -> None:
    assume(len({abs(value) for value in values}) == len(values))
    above, below = signed_rank_sides(values)
    greater = stats.wilcoxon(values, alternative="greater", method="exact")
    assert above == pytest.approx(float(greater.pvalue))
    less = stats.wilcoxon(values, alternative="less", method="exact")
    assert below == pytest.approx(float(less.pvalue))


@modest
@given(with_failures)
def test_ties_and_zeros_count_against_the_claim(values: list[float]) -> None:
    """The largest p-value of all ways to order equal sizes and to give zeros a sign."""
    n = len(values)
    signs = list(itertools.product((0, 1), repeat=n))
    sums = np.array(signs) @ np.arange(1, n + 1)
    for found, sign in zip(signed_rank_sides(values), (1, -1), strict=True):
        d = sign * np.array(values)
        least = min(
            sum(rank for rank, index in enumerate(order, 1) if d[index] > 0)
            for order in itertools.permutations(range(n))
            if all(abs(d[a]) <= abs(d[b]) for a, b in itertools.pairwise(order))
        )
        assert found == pytest.approx(float(np.mean(sums >= least)))


def test_no_p_value_is_below_that_of_all_signs_alike() -> None:
    for n in (2, 5, 10, 40):
        assert signed_rank_sides([1.0] * n).above == pytest.approx(0.5**n)
        assert signed_rank_sides([INF] * n).above == pytest.approx(0.5**n)
    assert all(map(math.isnan, signed_rank_sides([1.0])))
    assert signed_rank_sides([0.0, 0.0, 0.0]) == (1, 1)


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_a_control_that_gets_worse_never_makes_the_arm_look_worse(n: int) -> None:
    """Every difference on a grid, every single step upwards, up to a failure of the control."""
    grid = [-INF, -2.0, -1.0, 0.0, 1.0, 2.0, INF]
    for values in itertools.combinations_with_replacement(grid, n):
        before = signed_rank_sides(values)
        for index, value in enumerate(values):
            for better in grid[grid.index(value) + 1 :]:
                after = signed_rank_sides([*values[:index], better, *values[index + 1 :]])
                assert after.above <= before.above + 1e-9, (values, index, better)
                assert after.below >= before.below - 1e-9, (values, index, better)


def test_ties_survive_rounding() -> None:
    """0.3 - 0.2 and 0.1 are the same difference, and so is the bound."""
    differences = [0.3 - 0.2, 0.1, 0.7 - 0.6]
    assert signed_rank_sides(differences, 0.1) == (1, 1)
    assert signed_rank_sides([0.3 - 0.2, -0.1]) == signed_rank_sides([1.0, -1.0])


@modest
@given(st.lists(st.integers(-50, 50).map(float), min_size=6, max_size=9), st.integers(-60, 60))
def test_the_interval_holds_what_the_test_does_not_reject(values: list[float], shift: int) -> None:
    estimate, low, high = signed_rank_interval(values, 0.9)
    assert low <= estimate <= high
    bound = shift + 0.25  # between the averages, where p-values change
    above, below = signed_rank_sides(values, bound)
    assert (low > bound) == (above < 0.05)
    assert (high < bound) == (below < 0.05)


def test_the_interval_of_few_or_failed_values() -> None:
    assert signed_rank_interval([1.0, 2.0, 3.0], 0.95) == (2.0, -INF, INF)
    assert all(map(math.isnan, signed_rank_interval([])))
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    mirrored = signed_rank_interval([-value for value in values], 0.9)
    assert signed_rank_interval(values, 0.9) == (
        -mirrored.estimate,
        -mirrored.high,
        -mirrored.low,
    )
    failed = signed_rank_interval([*values[:5], INF], 0.9)
    assert (failed.low, failed.high) == (signed_rank_interval(values, 0.9).low, INF)
    assert signed_rank_interval([INF] * 6, 0.9) == (INF, INF, INF)


def test_scipy_agrees_with_the_pseudo_median() -> None:
    values = np.random.default_rng(0).normal(size=9)
    averages = [(a + b) / 2 for a, b in itertools.combinations_with_replacement(values, 2)]
    assert signed_rank_interval(values).estimate == pytest.approx(float(np.median(averages)))


@modest
@given(st.lists(st.tuples(whole, whole), min_size=2, max_size=6), directions)
def test_failed_trainings_are_worse_than_any_value(
    pairs: list[tuple[float, float]], better: Direction
) -> None:
    own, other = (np.array(column) for column in zip(*pairs, strict=True))
    own[0], other[-1] = NAN, NAN
    found = paired_advantages(own, other, better=better)
    assert found[0] == -INF
    assert found[-1] == INF
    sign = 1 if better == "higher" else -1
    assert found[1:-1].tolist() == (sign * (own - other))[1:-1].tolist()
    assert paired_advantages([NAN], [NAN], better=better).tolist() == [0.0]


def test_a_share_is_of_the_control_at_the_same_seed() -> None:
    found = paired_advantages([1.0, 3.0, 0.0, 2.0], [2.0, 4.0, 0.0, NAN], better="lower",
                              relative=True)  # fmt: skip
    assert found.tolist() == [0.5, 0.25, 0.0, INF]


def test_the_mean_over_classifiers_is_ranked() -> None:
    arm, control = np.array([[1.0, 3.0], [5.0, 7.0]]), np.array([[2.0, 2.0], [1.0, 1.0]])
    assert paired_advantages(arm, control, better="higher").tolist() == [0.0, 5.0]


def test_counts_and_ties_are_few_values() -> None:
    assert few_values([8.0, 8.0], [7.0, 7.0])
    assert few_values([8.0, 7.0, 9.0], [6.0, 5.0, 4.0])  # whole numbers
    assert few_values([0.9, 0.9, 0.9], [0.8, 0.8, 0.8])
    assert not few_values([0.91, 0.92, 0.93], [0.8, 0.8, 0.81])
    assert not few_values([0.123, 0.456])


REPETITIONS = 3000


@pytest.mark.parametrize("rho", [-0.9, 0.0, 0.9])
@pytest.mark.parametrize("failing", [0.0, 0.2])
def test_its_size_is_its_level_however_arms_go_together(rho: float, failing: float) -> None:
    """Arms with the same distribution, a mixture with far outliers, correlated over seeds."""
    rng = np.random.default_rng(1)
    covariance = [[1.0, rho], [rho, 1.0]]
    pairs = rng.multivariate_normal([0, 0], covariance, size=(REPETITIONS, 7))
    pairs += 50 * (rng.random(pairs.shape) < 0.1)  # collapsed, with a value
    pairs[rng.random(pairs.shape) < failing] = NAN
    false = [
        superiority(x[:, 0], x[:, 1], better="lower", by="signed_ranks").claim < 0.05 for x in pairs
    ]
    error = 3 * math.sqrt(0.05 * 0.95 / REPETITIONS)
    assert np.mean(false) <= 0.05 + error
    assert np.mean(false) > 0.01

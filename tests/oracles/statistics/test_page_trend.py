"""Page's test of a trend: scipy, all orders counted, failed trials."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from ogan_bench.metrics import Direction
from ogan_bench.statistics import trend

NAN = math.nan
DIRECTIONS: tuple[Direction, ...] = ("lower", "higher")
modest = settings(deadline=None, max_examples=50)
directions = st.sampled_from(DIRECTIONS)
blocks_without_ties = st.integers(3, 5).flatmap(
    lambda levels: st.lists(st.permutations(range(levels)), min_size=1, max_size=5)
)
tied_blocks = st.lists(
    st.lists(st.one_of(st.integers(0, 2).map(float), st.just(NAN)), min_size=3, max_size=3),
    min_size=1,
    max_size=3,
)


@modest
@given(blocks_without_ties)
def test_trend_without_ties_is_pages_exact_test(blocks: list[list[int]]) -> None:
    values = np.array(blocks, np.float64)
    assume(len(values) > 1)  # scipy takes one block for a list of ranks
    expected = stats.page_trend_test(values, method="exact")
    assert trend(values, better="higher").p == pytest.approx(float(expected.pvalue))
    assert trend(-values, better="lower").p == pytest.approx(float(expected.pvalue))
    contrary = stats.page_trend_test(values[:, ::-1], method="exact")
    assert trend(values, better="higher").p_opposite == pytest.approx(float(contrary.pvalue))


@modest
@given(tied_blocks, directions)
def test_trend_counts_all_orders_of_all_blocks(
    blocks: list[list[float]], better: Direction
) -> None:
    sign = 1 if better == "higher" else -1
    rows = [[-99.0 if math.isnan(x) else sign * x for x in row] for row in blocks]
    ranks = [stats.rankdata(row) for row in rows]
    weights = np.arange(1, 4)
    observed = sum(float(weights @ row) for row in ranks)
    orders = [[weights @ np.array(p) for p in itertools.permutations(row)] for row in ranks]
    sums = np.array([sum(chosen) for chosen in itertools.product(*orders)])
    result = trend(blocks, better=better)
    assert result.p == pytest.approx(float(np.mean(sums >= observed)))
    assert result.p_opposite == pytest.approx(float(np.mean(sums <= observed)))


def test_trend_over_two_levels_is_the_sign_test() -> None:
    values = np.array([[0, 1], [0, 2], [3, 1], [1, 5], [2, 7]], np.float64)
    expected = stats.binomtest(4, 5, alternative="greater").pvalue
    assert trend(values, better="higher").p == pytest.approx(float(expected))


def test_trend_over_many_levels_is_pages_normal_approximation() -> None:
    values = np.random.default_rng(0).normal(size=(6, 9)) + 0.1 * np.arange(9)
    expected = stats.page_trend_test(values, method="asymptotic").pvalue
    assert trend(values, better="higher").p == pytest.approx(float(expected))
    assert trend(np.ones((4, 9)), better="higher")[:2] == (1, 1)


def test_variance_of_many_tied_levels_is_that_of_all_orders() -> None:
    """Sampled orders of tied ranks exceed the observed statistic as often as the p-value says."""
    rng = np.random.default_rng(0)
    values = np.floor(rng.uniform(0, 4, size=(5, 8)) + 0.15 * np.arange(8))
    ranks = stats.rankdata(values, axis=1)
    weights = np.arange(1, 9)
    orders = np.stack([rng.permuted(ranks, axis=1) for _ in range(4000)]) @ weights
    share = np.mean(orders.sum(axis=1) >= (ranks @ weights).sum())
    assert trend(values, better="higher").p == pytest.approx(float(share), abs=0.03)


def test_a_failed_trial_is_the_worst_level() -> None:
    assert trend([[NAN, 2.0, 1.0]] * 3, better="lower").p == pytest.approx(1 / 216)
    assert trend([[1.0, 2.0, NAN]] * 3, better="higher").p > 0.05
    assert trend([[NAN] * 3] * 3, better="lower") == (1, 1, (0, 0, 0))


def test_size_of_a_trend_is_spearmans_correlation() -> None:
    values = np.random.default_rng(3).normal(size=(4, 6))
    levels = np.arange(6)
    rho = [float(stats.spearmanr(levels, row).statistic) for row in values]
    found = trend(values, better="higher").correlation
    half = stats.t.ppf(0.975, 3) * np.std(rho, ddof=1) / 2
    mean = float(np.mean(rho))
    assert found == pytest.approx((mean, max(-1, mean - half), min(1, mean + half)))
    alone = trend(values[:1], better="lower").correlation
    assert alone == pytest.approx((-rho[0], NAN, NAN), nan_ok=True)


def test_a_clear_trend_and_its_contrary() -> None:
    up = [[1.0, 2.0, 3.0, 4.0]] * 3
    assert trend(up, better="higher").p == pytest.approx(24.0**-3)
    assert trend(up, better="higher").p_opposite == 1
    assert trend(up, better="lower").p_opposite == pytest.approx(24.0**-3)
    assert trend(up, better="higher").correlation == (1, 1, 1)


@pytest.mark.parametrize("blocks", [[], np.empty((0, 3)), [[1.0], [2.0]]])
def test_trend_of_nothing_is_unknown(blocks: Any) -> None:
    result = trend(blocks, better="lower")
    assert math.isnan(result.p)
    assert math.isnan(result.p_opposite)
    assert math.isnan(result.correlation.estimate)


def test_trend_needs_rows_of_levels() -> None:
    with pytest.raises(ValueError, match="seeds, levels"):
        trend([1.0, 2.0], better="lower")  # type: ignore[list-item]

"""Differences as shares of the control: Fieller's closed form, and agreement with the tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from ogan_bench.statistics import equivalence, non_inferiority, relative_interval, superiority
from ogan_bench.statistics.one_sided_tests import Method

Array = NDArray[np.float64]


def fieller(own: Array, other: Array, confidence: float) -> tuple[float, float]:
    """The roots of ``(x - q y)² = t² (s_xx - 2 q s_xy + q² s_yy) / n`` in q, less 1."""
    n = len(own)
    t2 = stats.t.ppf((1 + confidence) / 2, n - 1) ** 2 / n
    (sxx, sxy), (_, syy) = np.cov(own, other)
    x, y = own.mean(), other.mean()
    roots = np.roots([y**2 - t2 * syy, -2 * (x * y - t2 * sxy), x**2 - t2 * sxx])
    low, high = sorted(np.real(roots) - 1)
    return low, high


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.9])
@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95])
def test_paired_shares_have_fiellers_interval(rho: float, confidence: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        own, other = rng.multivariate_normal([12, 10], [[1, rho], [rho, 1]], size=6).T
        share, low, high = relative_interval(own, other, confidence, paired=True)
        assert share == pytest.approx(own.mean() / other.mean() - 1)
        assert (low, high) == pytest.approx(fieller(own, other, confidence), rel=1e-6)
        mirrored = relative_interval(-own, -other, confidence, paired=True)
        assert mirrored == pytest.approx((-share, -high, -low))


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 10_000), st.sampled_from([2, 3, 5, 10]), st.floats(0.02, 0.6),
    st.sampled_from([1, 5]), st.sampled_from(["paired", "welch"]),
)  # fmt: skip
def test_interval_and_decision_agree(
    seed: int, n: int, spread: float, members: int, by: Method
) -> None:
    """For every share as margin, at every size and pairing, in one classifier and in five.

    Not of pairs in five classifiers: see the test below.
    """
    assume(members == 1 or by == "welch")
    rng = np.random.default_rng(seed)
    base = 1 + 0.3 * rng.normal(size=(n, 1))
    own = 1.1 * base + spread * rng.normal(size=(n, members))
    other = base + spread * rng.normal(size=(n, members))
    if members == 1:
        own, other = own[:, 0], other[:, 0]
    _, low, high = relative_interval(own, other, 0.9, paired=by == "paired")
    assume(not math.isnan(low))
    for margin in (0.05, 0.25, 0.5):
        if min(abs(edge - sign * margin) for edge in (low, high) for sign in (1, -1)) < 1e-6:
            continue
        lower = non_inferiority(own, other, better="lower", margin=margin, relative=True, by=by)
        assert (high < margin) == (lower.claim < 0.05)
        assert (low > margin) == (lower.opposite < 0.05)
        higher = superiority(own, other, better="higher", margin=margin, relative=True, by=by)
        assert (low > margin) == (higher.claim < 0.05)
        same = equivalence(own, other, margin=margin, relative=True, by=by)
        assert (-margin < low <= high < margin) == (same.claim < 0.05)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10_000), st.sampled_from([2, 3, 5, 10]), st.floats(0.02, 0.6))
@example(705, 10, 0.5)
def test_of_pairs_in_classifiers_the_interval_ends_where_the_test_becomes_significant(
    seed: int, n: int, spread: float
) -> None:
    """There its p can rise again as the share goes on, where its degrees of freedom jump."""
    rng = np.random.default_rng(seed)
    base = 1 + 0.3 * rng.normal(size=(n, 1))
    own = 1.1 * base + spread * rng.normal(size=(n, 5))
    other = base + spread * rng.normal(size=(n, 5))

    def p(margin: float) -> float:
        found = non_inferiority(
            own, other, better="lower", margin=margin, relative=True, by="paired"
        )
        return found.claim

    _, _, high = relative_interval(own, other, 0.9, paired=True)
    assume(1e-3 < high < math.inf)
    assert p(high - 1e-6) > 0.05 > p(high + 1e-6)
    if (seed, n, spread) == (705, 10, 0.5):
        assert p(0.05) < 0.05 < p(0.06)  # it has fewer degrees of freedom


def test_a_control_around_zero_has_no_shares() -> None:
    share, low, high = relative_interval([5.0, 6.0, 7.0], [-1.0, 0.5, 1.0], 0.9, paired=True)
    assert (low, high) == (-math.inf, math.inf)
    assert share > 0
    p = superiority(
        [5.0, 6.0, 7.0], [-1.0, 0.5, 1.0], better="higher", margin=0.1, relative=True, by="paired"
    )
    assert p.claim > 0.05


def test_too_few_values_and_no_variance() -> None:
    assert all(map(math.isnan, relative_interval([1.0], [1.0], paired=True)))
    assert all(map(math.isnan, relative_interval([1.0, 2.0], [1.0, -1.0], paired=True)))
    share, low, high = relative_interval([1.1, 1.21, 1.32], [1.0, 1.1, 1.2], paired=True)
    assert (share, low, high) == pytest.approx((0.1, 0.1, 0.1))

"""Components of variance: the balanced closed form, an analysis of variance, known truths."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ogan_bench.statistics import Components, pooled_components


def one_arm(table: Any) -> Components:
    return pooled_components([table])


balanced = st.tuples(st.integers(2, 6), st.integers(2, 5), st.integers(0, 2**32 - 1))


@settings(deadline=None, max_examples=40)
@given(balanced)
def test_balanced_components_have_a_closed_form(shape: tuple[int, int, int]) -> None:
    """``within`` is the mean variance, ``between`` that of the means less ``within / r``."""
    groups, repeats, seed = shape
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(groups, 1)) + rng.normal(size=(groups, repeats))
    within = float(table.var(axis=1, ddof=1).mean())
    between = float(table.mean(axis=1).var(ddof=1)) - within / repeats
    found = one_arm(list(table))
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx(max(0.0, between), abs=1e-12)
    assert found.clipped == (between < 0)
    assert found.share_between == pytest.approx(max(0.0, between) / (max(0.0, between) + within))
    assert (found.n_groups, found.n_values) == (groups, groups * repeats)


def test_unbalanced_components_are_those_of_the_analysis_of_variance() -> None:
    """F is the ratio of the mean squares, and ``between = within (F - 1) / n₀``."""
    table = [[1.0, 1.2, 0.9, 1.3], [3.0, 3.3], [2.0, 2.4, 1.9]]
    f = float(stats.f_oneway(*table).statistic)
    n0 = (9 - (16 + 4 + 9) / 9) / 2
    found = one_arm(table)
    assert found.between == pytest.approx(found.within * (f - 1) / n0)
    shifted = one_arm([[100 * value + 7 for value in group] for group in table])
    assert shifted.share_between == pytest.approx(found.share_between)
    assert shifted.between == pytest.approx(1e4 * found.between)


def test_pooling_ignores_the_means_of_the_arms() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(4, 1)) + rng.normal(size=(4, 3))
    one = one_arm(list(table))
    both = pooled_components([list(table), list(table + 100)])
    assert both.within == pytest.approx(one.within)
    assert both.between == pytest.approx(one.between)
    assert (both.n_groups, both.n_values) == (8, 24)


@pytest.mark.parametrize(("between", "within"), [(4.0, 1.0), (0.5, 2.0), (0.0, 1.0)])
def test_components_recover_the_truth(between: float, within: float) -> None:
    rng = np.random.default_rng(1)
    arms = []
    for _ in range(300):
        sizes = rng.integers(1, 5, size=5)
        arms.append(
            [rng.normal(math.sqrt(between) * rng.normal(), math.sqrt(within), n) for n in sizes]
        )
    found = pooled_components(arms)
    assert found.within == pytest.approx(within, rel=0.1)
    assert found.between == pytest.approx(between, rel=0.15, abs=0.1)


def test_groups_that_differ_less_than_chance_are_flagged() -> None:
    found = one_arm([[0.0, 2.0], [2.0, 0.0], [1.0, 1.0]])
    assert (found.between, found.share_between, found.clipped) == (0, 0, True)


def test_groups_without_variance() -> None:
    found = one_arm([[1.0, 1.0], [2.0, 2.0]])
    assert (found.between, found.within, found.share_between) == (0.5, 0, 1)
    nothing = one_arm([[1.0, 1.0], [1.0, 1.0]])
    assert (nothing.between, nothing.within, nothing.clipped) == (0, 0, False)
    assert math.isnan(nothing.share_between)


@pytest.mark.parametrize("table", [[], [[1.0, 2.0]], [[1.0], [2.0]], [[], [1.0, 2.0]]])
def test_too_little_cannot_be_taken_apart(table: Any) -> None:
    found = one_arm(table)
    assert math.isnan(found.between)
    assert math.isnan(found.within)
    assert math.isnan(found.share_between)
    assert not found.clipped

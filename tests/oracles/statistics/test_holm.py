"""Holm's correction: statsmodels, and the error of a family in simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from ogan_bench.statistics import holm, superiority
from tests.oracles.statistics.generated_samples import REPETITIONS, at_most

ALPHA = 0.05


@settings(deadline=None, max_examples=10)  # multipletests collects garbage, which takes its time
@given(st.lists(st.integers(0, 1000).map(lambda p: p / 1000), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(expected, abs=1e-12)


def test_holm_counts_tests_that_could_not_be_made() -> None:
    assert holm([0.01, math.nan, 0.02]) == pytest.approx([0.03, math.nan, 0.04], nan_ok=True)
    assert holm([]).shape == (0,)


def test_holm_keeps_the_error_of_the_family() -> None:
    """Five false claims against one control: any support at all in about alpha of the studies."""
    rng = np.random.default_rng(1)
    unadjusted = adjusted = 0
    for _ in range(REPETITIONS):
        control = rng.normal(size=6)
        p = [superiority(rng.normal(size=6), control, better="lower").claim for _ in range(5)]
        unadjusted += min(p) < ALPHA
        adjusted += holm(p).min() < ALPHA
    assert adjusted / REPETITIONS < at_most(ALPHA)
    assert unadjusted / REPETITIONS > 2 * ALPHA

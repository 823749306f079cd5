"""The probability of improvement, with failed trials, against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from ogan_bench.metrics import Direction
from ogan_bench.statistics import probability_of_improvement

Array = NDArray[np.float64]
DIRECTIONS: tuple[Direction, ...] = ("lower", "higher")
modest = settings(deadline=None, max_examples=50)
directions = st.sampled_from(DIRECTIONS)
samples = st.lists(st.integers(0, 1000).map(float), min_size=1, max_size=10)


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


def test_failed_trials_are_the_worst() -> None:
    for better in DIRECTIONS:
        assert probability_of_improvement([], [1.0, 2.0], better=better, failed=(3, 0)) == 0
        assert probability_of_improvement([5.0], [], better=better, failed=(0, 2)) == 1
        assert probability_of_improvement([], [], better=better, failed=(1, 4)) == 0.5
    # 2 of the 3 pairs of a value and a failed trial, and one tie of the failed among themselves.
    p = probability_of_improvement([3.0], [1.0, 2.0], better="lower", failed=(1, 1))
    assert p == pytest.approx((1 + 0.5) / 6)


def test_ranks_of_nothing_are_unknown() -> None:
    for a, b in (([], [1.0]), ([1.0], []), ([], [])):
        assert math.isnan(probability_of_improvement(a, b, better="lower"))

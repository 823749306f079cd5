"""The correlation of two samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from numpy.typing import NDArray
from scipy import stats

from ogan_bench.statistics import correlation
from tests.oracles.statistics.generated_samples import pairs

Array = NDArray[np.float64]
modest = settings(deadline=None, max_examples=50)


@modest
@given(pairs)
def test_correlation_is_pearsons(pair: tuple[Array, Array]) -> None:
    a, b = pair
    assume(len(a) > 2 and min(np.std(a), np.std(b)) > 1e-3)
    assert correlation(a, b) == pytest.approx(float(stats.pearsonr(a, b).statistic), abs=1e-9)


def test_correlation_of_too_little_is_unknown() -> None:
    assert math.isnan(correlation([1.0, 2.0], [3.0, 5.0]))
    assert math.isnan(correlation([1.0, 2.0, 3.0], [4.0, 4.0, 4.0]))
    assert correlation([1.0, 2.0, 4.0], [-1.0, -2.0, -4.0]) == pytest.approx(-1)

"""The noncentral t distribution: its inverse, and its expansion for large t."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from ogan_bench.statistics.noncentral_t import noncentrality


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 18, 100, 1000])
def test_expansion_for_large_t_continues_the_integral(freedom: int) -> None:
    edge = 100 * math.sqrt(2 * freedom)
    for probability in (0.995, 0.975, 0.9, 0.1, 0.025):
        below, above = (
            noncentrality(edge * factor, freedom, probability) for factor in (1 - 1e-12, 1 + 1e-12)
        )
        tolerance = 1e-3 if freedom == 1 else 1e-6
        assert below == pytest.approx(above, abs=tolerance * edge)


@pytest.mark.parametrize("freedom", [2, 7, 30])
@pytest.mark.parametrize("t", [-3.0, 0.0, 1.5, 8.0])
def test_noncentrality_inverts_the_distribution(freedom: int, t: float) -> None:
    for probability in (0.95, 0.05):
        found = noncentrality(t, freedom, probability)
        expected = probability if t >= 0 else 1 - probability
        assert float(stats.nct.cdf(abs(t), freedom, math.copysign(1, t) * found)) == pytest.approx(
            expected, abs=1e-7
        )

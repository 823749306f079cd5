"""Power of trends and associations: the tests themselves, and limits."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest

from ogan_bench.statistics import power, power_of_order, superiority, trend
from ogan_bench.statistics.page_trend import page_p_values

PILOT = np.array([[3.0, 2.1, 1.4], [3.4, 2.6, 1.1], [2.9, 2.5, 1.6], [3.6, 2.0, 1.2]])


def test_p_values_of_many_studies_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    for levels in (3, 8):
        ranks = (np.argsort(rng.random((6, 4, levels)), axis=2) + 1).astype(np.float64)
        claims, opposites = page_p_values(ranks)
        for table, claim, opposite in zip(ranks, claims, opposites, strict=True):
            expected = trend(table, better="higher")
            assert (claim, opposite) == pytest.approx((expected.p, expected.p_opposite), rel=1e-9)


@pytest.mark.parametrize("test", ["trend", "association"])
def test_power_is_how_often_the_test_decides(test: Literal["trend", "association"]) -> None:
    rng = np.random.default_rng(1)
    mean, covariance = PILOT.mean(0), np.cov(PILOT.T)
    decided = 0
    for _ in range(600):
        x = rng.multivariate_normal(mean, covariance, size=4)
        if test == "association":
            p = 2 * trend(x, better="lower").p
        else:
            p = max(
                superiority(x[:, k + 1], x[:, k], better="lower", by="paired", sides=2).claim
                for k in range(2)
            )
        decided += p < 0.05
    found = power_of_order(test, PILOT, 4, better="lower", alpha=0.05)
    assert found == pytest.approx(decided / 600, abs=0.08)


def test_two_arms_are_a_paired_test() -> None:
    two = PILOT[:, :2]
    d = two[:, 0] - two[:, 1]
    expected = power("superiority", n=3, difference=float(d.mean()), sd=float(d.std(ddof=1)),
                     sd_control=0.0, paired=True, alpha=0.05, sides=2)  # fmt: skip
    found = power_of_order("trend", two, 3, better="lower", alpha=0.05)
    assert found == pytest.approx(expected, abs=0.05)


def test_power_grows_with_seeds_and_is_repeatable() -> None:
    few, many = (power_of_order("trend", PILOT, n, better="lower", alpha=0.05) for n in (2, 10))
    assert few < many
    assert many == power_of_order("trend", PILOT, 10, better="lower", alpha=0.05)
    contrary = power_of_order("trend", PILOT, 10, better="higher", alpha=0.05)
    assert contrary > 0.9  # refuted
    assert math.isnan(power_of_order("trend", PILOT[:1], 5, better="lower", alpha=0.05))
    assert math.isnan(power_of_order("trend", PILOT, 1, better="lower", alpha=0.05))

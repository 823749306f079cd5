"""Normality pooled over arms: its level, and the rare bad training that it is there to notice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ogan_bench.statistics import normality


@pytest.mark.parametrize(("arms", "n"), [(2, 5), (8, 5), (6, 4), (4, 10)])
def test_false_alarms_come_at_their_level(arms: int, n: int) -> None:
    """Whatever the means and variances of the arms."""
    rng = np.random.default_rng(0)
    scales = 10.0 ** rng.integers(-3, 4, size=arms)
    found = [
        normality([5 * scale + scale * rng.normal(size=n) for scale in scales]) for _ in range(200)
    ]
    assert np.mean(np.array(found) < 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_rare_bad_trainings_are_noticed() -> None:
    rng = np.random.default_rng(1)
    noticed = 0
    for _ in range(60):
        arms = rng.normal(size=(8, 5))
        arms[:2, 0] += 50
        noticed += normality(list(arms)) < 0.05
    assert noticed > 24
    skewed = [np.exp(2 * rng.normal(size=10)) for _ in range(6)]
    assert normality(skewed) < 0.01


def test_arms_without_enough_values_or_variance_are_left_out() -> None:
    assert math.isnan(normality([]))
    assert math.isnan(normality([[0.0, 1.0, 9.0], [3.0] * 5]))
    arm = [1.0, 2.0, 4.0, 3.0, 2.5]
    assert normality([arm, [1.0, 2.0], [3.0] * 5]) == normality([arm])
    assert normality([np.stack([arm, arm], axis=1)]) == normality([arm])

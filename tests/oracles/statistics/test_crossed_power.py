"""Power of tests over crossed seeds and classifiers, against how often they support their claim."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ogan_bench.statistics.crossed import CrossedSpread, crossed_mean, crossed_spread
from ogan_bench.statistics.one_sided_tests import (
    Test,
    equivalence,
    mean_in_range,
    non_inferiority,
    superiority,
)
from ogan_bench.statistics.power import (
    detectable_difference,
    power,
    power_of_mean,
    seeds_needed,
)

CLAIMS: dict[str, Any] = {
    "superiority": superiority,
    "non_inferiority": non_inferiority,
    "equivalence": equivalence,
}
REPEATS = 600

SPREADS = [
    CrossedSpread(1.0, 0.0, 0.0, 5),
    CrossedSpread(1.0, 0.0, 1.0, 5),
    CrossedSpread(1.0, 1.0, 1.0, 5),
    CrossedSpread(1.0, 4.0, 1.0, 5),
    CrossedSpread(0.0, 1.0, 0.3, 5),
    CrossedSpread(1.0, 0.3, 0.3, 3),
]


def drawn(spread: CrossedSpread, n: int, repeats: int = REPEATS) -> NDArray[np.float64]:
    """Tables with mean 0, shape ``(repeats, n, classifiers)``."""
    rng = np.random.default_rng(n)
    sizes = ((n, 1), (1, spread.members), (n, spread.members))
    variances = (spread.seeds, spread.classifiers, spread.rest)
    parts = (
        math.sqrt(variance) * rng.normal(size=(repeats, *size))
        for variance, size in zip(variances, sizes, strict=True)
    )
    return np.asarray(sum(parts))


def tolerance(expected: float) -> float:
    """Three standard errors of the simulated rate, and the simulation of the power itself."""
    return 3 * math.sqrt(expected * (1 - expected) / REPEATS) + 0.01


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize(
    ("test", "asked"),
    [
        ("superiority", {"difference": 2.0, "sides": 2}),
        ("non_inferiority", {"difference": 0.0, "margin": 1.5}),
        ("equivalence", {"difference": 0.3, "margin": 2.5}),
    ],
)
def test_power_is_how_often_the_test_supports(
    spread: CrossedSpread, n: int, test: Test, asked: dict[str, Any]
) -> None:
    how = {key: asked[key] for key in ("margin", "sides") if key in asked}
    control = np.full((n, spread.members), 10.0)
    tables = control + asked["difference"] + drawn(spread, n)
    found = np.mean(
        [
            CLAIMS[test](table, control, better="higher", by="paired", **how).claim < 0.05
            for table in tables
        ]
    )
    expected = power(test, n=n, crossed=spread, **asked)
    assert found == pytest.approx(expected, abs=tolerance(expected))


@pytest.mark.parametrize("spread", SPREADS)
def test_the_detectable_difference_is_detected_with_80_per_cent(spread: CrossedSpread) -> None:
    difference = detectable_difference(n=5, alpha=0.05, sides=2, crossed=spread)
    assert power("superiority", n=5, difference=difference, sides=2, crossed=spread) == (
        pytest.approx(0.8, abs=1e-3)
    )


def test_over_seeds_alone_the_power_would_be_overstated() -> None:
    """The right value of the fault: the spread over classifiers was left out."""
    spread = CrossedSpread(1.0, 4.0, 1.0, 5)
    over_seeds = math.sqrt(spread.seeds + spread.rest / spread.members)
    asked: dict[str, Any] = {"n": 12, "difference": 2.0, "sides": 2}
    whole = power("superiority", crossed=spread, **asked)
    alone = power("superiority", sd=over_seeds, sd_control=0.0, paired=True, **asked)
    assert alone > 0.99
    assert whole < 0.5


def test_no_number_of_seeds_reduces_the_spread_over_classifiers() -> None:
    spread = CrossedSpread(1.0, 4.0, 1.0, 5)
    assert spread.error(10**9) == pytest.approx(math.sqrt(4.0 / 5))

    def at(n: int) -> float:
        return power("superiority", n=n, difference=2.0, crossed=spread)

    assert at(5) < at(20) < at(200) < 0.8
    assert seeds_needed(at) is None


@pytest.mark.parametrize("n", [3, 5, 12])
def test_classifiers_that_agree_are_the_power_of_students_test(n: int) -> None:
    """Exact but for the simulated mean squares; a residual of 0 leaves Student's t."""
    spread = CrossedSpread(1.0, 0.0, 0.0, 5)
    for difference in (0.5, 1.5):
        assert power("superiority", n=n, difference=difference, crossed=spread) == pytest.approx(
            power("superiority", n=n, difference=difference, sd=1, sd_control=0, paired=True),
            abs=0.01,
        )
    assert power_of_mean(n, 1.0, spread, 0.0, math.inf) == pytest.approx(
        power_of_mean(n, 1.0, 1.0, 0.0, math.inf), abs=0.01
    )


@pytest.mark.parametrize("spread", SPREADS)
def test_power_of_a_mean_in_a_range(spread: CrossedSpread) -> None:
    tables = 0.8 + drawn(spread, 5)
    found = np.mean([mean_in_range(table, -2.0, 3.0).claim < 0.05 for table in tables])
    expected = power_of_mean(5, 0.8, spread, -2.0, 3.0)
    assert found == pytest.approx(expected, abs=tolerance(expected))


def test_components_are_those_that_the_values_were_drawn_with() -> None:
    tables = drawn(CrossedSpread(2.0, 3.0, 1.0, 5), 8)
    found = np.array([crossed_spread(table) for table in tables]).mean(0)
    assert found == pytest.approx([2.0, 3.0, 1.0, 5], rel=0.06)


def test_the_error_of_a_study_is_that_of_its_components() -> None:
    """Unless one of them is estimated as negative."""
    table = drawn(CrossedSpread(1.0, 1.0, 0.2, 5), 6, 1)[0]
    assert crossed_spread(table).error(6) == pytest.approx(crossed_mean(table).error)
    constant = crossed_spread(np.full((4, 5), 0.5))
    assert constant == CrossedSpread(0.0, 0.0, 0.0, 5)
    assert power("superiority", n=4, difference=0.1, crossed=constant) == 1
    assert math.isnan(power("superiority", n=1, difference=0.1, crossed=constant))

"""The mean over crossed random seeds and classifiers: known cases, and coverage in simulations."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from numpy.typing import NDArray
from scipy import special, stats
from statsmodels.stats.anova import anova_lm

from ogan_bench.statistics.crossed import CrossedMean, crossed_mean
from ogan_bench.statistics.means import compare, difference_interval, mean_interval, single
from ogan_bench.statistics.one_sided_tests import equivalence, mean_in_range, superiority

SEEDS, CLASSIFIERS = 5, 5
REPEATS = 2000

RATIOS = [
    (1.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0),
    (1.0, 1.0, 1.0),
    (1.0, 0.1, 0.3),
    (1.0, 0.3, 0.1),
    (1.0, 4.0, 1.0),
    (0.1, 1.0, 1.0),
]
"""Variances between seeds, between classifiers, and of both together."""


def drawn(ratio: tuple[float, float, float], repeats: int = REPEATS) -> NDArray[np.float64]:
    """Tables with mean 0, shape ``(repeats, seeds, classifiers)``."""
    random = np.random.default_rng(0)
    sizes = ((SEEDS, 1), (1, CLASSIFIERS), (SEEDS, CLASSIFIERS))
    parts = [
        math.sqrt(variance) * random.normal(size=(repeats, *size))
        for variance, size in zip(ratio, sizes, strict=True)
    ]
    return parts[0] + parts[1] + parts[2]


def coverage(tables: NDArray[np.float64]) -> float:
    """Share of 95 % intervals that hold the true mean, 0."""
    found = np.array([crossed_mean(table) for table in tables])
    half = special.stdtrit(found[:, 2], 0.975) * found[:, 1]
    return float((abs(found[:, 0]) <= half).mean())


@pytest.mark.parametrize("ratio", RATIOS)
def test_intervals_cover_the_mean(ratio: tuple[float, float, float]) -> None:
    assert 0.94 <= coverage(drawn(ratio)) <= 0.993


@pytest.mark.parametrize("ratio", [(0.0, 1.0, 0.0), (1.0, 4.0, 1.0), (0.1, 1.0, 1.0)])
def test_intervals_over_seeds_alone_do_not(ratio: tuple[float, float, float]) -> None:
    """The right value of the fault: the spread over classifiers was left out."""
    means = drawn(ratio).mean(2)
    half = stats.t.ppf(0.975, SEEDS - 1) * means.std(1, ddof=1) / math.sqrt(SEEDS)
    assert float((abs(means.mean(1)) <= half).mean()) < 0.8


def test_the_coverage_over_seeds_alone_is_the_one_that_the_documentation_states() -> None:
    means = drawn((1.0, 4.0, 1.0), 10_000).mean(2)
    half = stats.t.ppf(0.975, SEEDS - 1) * means.std(1, ddof=1) / math.sqrt(SEEDS)
    assert float((abs(means.mean(1)) <= half).mean()) == pytest.approx(0.75, abs=0.012)


def test_error_and_freedom_are_those_of_the_mean_squares() -> None:
    """Against the table of a two-way analysis of variance by statsmodels."""
    table = 3 + drawn((1.0, 1.0, 0.2), 1)[0]
    frame = pd.DataFrame(
        [(i, j, y) for (i, j), y in np.ndenumerate(table)], columns=["seed", "classifier", "y"]
    )
    squares = anova_lm(smf.ols("y ~ C(seed) + C(classifier)", frame).fit())["mean_sq"].to_numpy()
    total = squares[0] + squares[1] - squares[2]
    found = crossed_mean(table)
    assert found.mean == pytest.approx(table.mean())
    assert found.error == pytest.approx(math.sqrt(total / table.size))
    assert found.freedom == pytest.approx(
        total**2 / (squares[0] ** 2 / 4 + squares[1] ** 2 / 4 + squares[2] ** 2 / 16)
    )


def test_one_classifier_is_students_t() -> None:
    values = np.random.default_rng(0).normal(size=7)
    assert single(values[:, None]) == single(values)
    assert mean_interval(values[:, None]) == mean_interval(values)
    other = values + np.random.default_rng(1).normal(size=7)
    assert difference_interval(other[:, None], values[:, None], paired=True) == (
        difference_interval(other, values, paired=True)
    )


def test_classifiers_that_agree_are_students_t() -> None:
    values = np.random.default_rng(0).normal(size=7)
    assert crossed_mean(np.repeat(values[:, None], 5, axis=1)) == pytest.approx(
        tuple(single(values))[:3]
    )


def test_a_negative_component_leaves_the_other_factor_alone() -> None:
    """Means over seeds that agree exactly: what classifiers say is noise."""
    noise = np.array([[1.0, -1.0], [-1.0, 1.0], [3.0, 1.0], [1.0, 3.0]])
    found = crossed_mean(noise)
    assert found == pytest.approx((1.0, stats.sem([0.0, 0.0, 2.0, 2.0]), 3.0))
    assert crossed_mean(noise.T) == pytest.approx(found)


def test_too_few_seeds_and_no_variance() -> None:
    assert np.isnan(crossed_mean(np.ones((1, 5)))[1:]).all()
    assert crossed_mean(np.full((4, 5), 0.5)) == CrossedMean(0.5, 0.0, 3.0)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_units_do_not_matter(scale: float) -> None:
    table = drawn((1.0, 1.0, 1.0), 1)[0]
    one, other = crossed_mean(table), crossed_mean(scale * table)
    assert other.error == pytest.approx(scale * one.error)
    assert other.freedom == pytest.approx(one.freedom)


def test_arms_differ_by_what_both_factors_leave() -> None:
    """What a seed, or a classifier, does to both arms is no spread of their difference."""
    control = 10 + drawn((4.0, 4.0, 0.0), 1)[0]
    arm = control + 1 + 0.1 * np.random.default_rng(5).normal(size=control.shape)
    found = compare(arm, control, paired=True)
    assert found[:3] == pytest.approx(tuple(crossed_mean(arm - control)))
    assert found.error < 0.1


def test_a_conclusion_that_rests_on_the_classifier_is_none() -> None:
    """Every seed agrees, but the sign differs between classifiers."""
    by_classifier = np.array([0.3, 0.2, 0.3, -0.2, 0.2])
    seeds = 0.01 * np.random.default_rng(2).normal(size=(5, 1))
    difference = by_classifier + seeds
    control = np.full((5, 5), 2.0)
    arm = control + difference
    assert superiority(arm.mean(1), control.mean(1), better="higher", by="paired").claim < 0.001
    assert superiority(arm, control, better="higher", by="paired").claim > 0.05


def test_margins_as_a_share_scale_the_control_in_every_classifier() -> None:
    control = 5 + drawn((1.0, 1.0, 1.0), 1)[0]
    arm = control * 1.5
    p = superiority(arm, control, better="higher", margin=0.5, relative=True, by="paired").claim
    assert math.isnan(p)  # the difference beyond the margin is 0 in every classifier
    p = superiority(arm, control, better="higher", margin=0.4, relative=True, by="paired").claim
    assert p < 0.05
    assert equivalence(arm, control, margin=0.6, relative=True, by="paired").claim < 0.05


def test_the_mean_lies_in_a_range_for_other_classifiers_too() -> None:
    table = np.array([0.9, 0.8, 0.9, 0.7, 0.9]) + 0.01 * drawn((1.0, 0.0, 0.0), 1)[0]
    assert mean_in_range(table.mean(1), 0.8, math.inf).claim < 0.001
    assert mean_in_range(table, 0.8, math.inf).claim > 0.05


@pytest.mark.parametrize(("seeds", "classifiers"), [(2, 5), (5, 5), (10, 5), (5, 10)])
@pytest.mark.parametrize("other", [9.0, 9.99, 10.1, 0.3])
def test_one_value_that_differs_gives_the_smaller_freedom_wherever_it_stands(
    seeds: int, classifiers: int, other: float
) -> None:
    """Both mean squares and that of the rest are equal then; what rounding says of it does not
    count, and differs between processors."""
    for at in np.ndindex(seeds, classifiers):
        table = np.full((seeds, classifiers), 10.0)
        table[at] = other
        mean, error, freedom = crossed_mean(table)
        assert mean == pytest.approx(10 + (other - 10) / table.size, rel=1e-12)
        assert error == pytest.approx(abs(other - 10) / table.size, rel=1e-9)
        assert freedom == min(seeds, classifiers) - 1

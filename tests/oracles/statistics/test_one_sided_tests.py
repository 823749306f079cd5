"""One-sided tests of two arms: statsmodels, scipy, exact limits and simulated error rates."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from ogan_bench.metrics import Direction
from ogan_bench.statistics import (
    difference_interval,
    equivalence,
    mean_interval,
    non_inferiority,
    standard_deviation,
    superiority,
)
from tests.oracles.statistics.generated_samples import REPETITIONS, at_most, samples, varies

ALPHA = 0.05
DIRECTIONS: tuple[Direction, ...] = ("lower", "higher")
modest = settings(deadline=None, max_examples=50)
directions = st.sampled_from(DIRECTIONS)
margins = st.integers(1, 50_000).map(lambda value: value / 1000)


def welch(x: NDArray[np.float64], y: NDArray[np.float64], alternative: str) -> float:
    """p-value of scipy's test, "greater" or "less"."""
    side: Literal["greater", "less"] = "greater" if alternative == "greater" else "less"
    return float(stats.ttest_ind(x, y, equal_var=False, alternative=side).pvalue)


def array(sample: list[float]) -> NDArray[np.float64]:
    return np.array(sample, np.float64)


@modest
@given(samples, samples, margins, directions)
def test_equivalence_is_tost(
    a: list[float], b: list[float], margin: float, better: Direction
) -> None:
    assume(varies(a, b))
    expected = ttost_ind(array(a), array(b), -margin, margin, usevar="unequal")[0]
    found = equivalence(a, b, better=better, margin=margin)
    assert found.claim == pytest.approx(expected, abs=1e-9)


@modest
@given(samples, samples, margins)
def test_one_sided_tests_are_shifted_welch_tests(
    a: list[float], b: list[float], margin: float
) -> None:
    assume(varies(a) and varies(b))  # scipy warns where a sample is constant but for rounding
    x, y = array(a), array(b)

    above, below = "greater", "less"
    for p, shift, alternative in (
        (superiority(a, b, better="higher").claim, 0.0, above),
        (superiority(a, b, better="lower", margin=margin).claim, margin, below),
        (non_inferiority(a, b, better="higher", margin=margin).claim, margin, above),
        (non_inferiority(a, b, better="lower", margin=margin).claim, -margin, below),
    ):
        assert p == pytest.approx(welch(x + shift, y, alternative), abs=1e-9)


@modest
@given(samples, samples, st.sampled_from([0.05, 0.1, 0.5]))
def test_a_relative_margin_scales_the_control_with_its_variance(
    a: list[float], b: list[float], share: float
) -> None:
    """|mean(control)| in the margin: for a positive mean the factor is 1 ± m, else 1 ∓ m."""
    assume(varies(a) and varies(b))  # scipy warns where a sample is constant but for rounding
    x, y = array(a), array(b)
    assume(abs(y.mean()) > 1e-6)
    sign = stats.ttest_1samp(y, 0).pvalue / 2 if varies(b) else 0.0
    side = 1 if y.mean() > 0 else -1
    p = non_inferiority(a, b, better="lower", margin=share, relative=True).claim
    assert p == pytest.approx(max(welch(x, (1 + side * share) * y, "less"), sign), abs=1e-9)
    p = superiority(a, b, better="higher", margin=share, relative=True).claim
    assert p == pytest.approx(max(welch(x, (1 + side * share) * y, "greater"), sign), abs=1e-9)


@modest
@given(samples, samples, margins, directions, st.booleans())
def test_claims_and_opposites_never_both_hold(
    a: list[float], b: list[float], margin: float, better: Direction, relative: bool
) -> None:
    assume(varies(a) and varies(b))
    asked: Any = {"better": better, "margin": margin, "relative": relative}
    for found in (
        superiority(a, b, better=better),
        superiority(a, b, **asked),
        non_inferiority(a, b, **asked),
    ):
        assert sum(found) >= 1 - 1e-12
        assert relative or sum(found) == pytest.approx(1)
    found = equivalence(a, b, **asked)
    assert min(found) >= 0
    assert max(found) >= 0.5 - 1e-12


@modest
@given(samples, samples, margins, directions)
def test_two_sides_double_the_p_values(
    a: list[float], b: list[float], margin: float, better: Direction
) -> None:
    assume(varies(a, b))
    for bound in (0.0, margin):
        one = superiority(a, b, better=better, margin=bound)
        two = superiority(a, b, better=better, margin=bound, sides=2)
        assert two == tuple(min(1, 2 * p) for p in one)


@modest
@given(samples, samples)
def test_two_sides_read_in_both_directions_are_the_two_sided_test(
    a: list[float], b: list[float]
) -> None:
    assume(varies(a) and varies(b))
    expected = float(stats.ttest_ind(array(a), array(b), equal_var=False).pvalue)
    claim = superiority(a, b, better="higher", sides=2).claim
    contrary = superiority(a, b, better="higher", sides=2).opposite
    assert min(claim, contrary) == pytest.approx(expected, abs=1e-9)


@modest
@given(samples, samples, margins, st.sampled_from([-7.0, 0.25, 1000.0]))
def test_units_and_origin_do_not_matter(
    a: list[float], b: list[float], margin: float, shift: float
) -> None:
    assume(varies(a) and varies(b))
    x, y = array(a), array(b)
    for test in (superiority, non_inferiority, equivalence):
        p = test(x, y, better="lower", margin=margin)
        shifted = test(x + shift, y + shift, better="lower", margin=margin)
        assert shifted == pytest.approx(p, abs=1e-6)
        assert test(1024 * x, 1024 * y, better="lower", margin=1024 * margin) == pytest.approx(p)
    assert equivalence(a, b, margin=margin) == pytest.approx(equivalence(b, a, margin=margin))


@modest
@given(samples, samples, margins, st.booleans())
def test_directions_mirror_each_other(
    a: list[float], b: list[float], margin: float, relative: bool
) -> None:
    assume(varies(a) and varies(b))
    asked: Any = {"margin": margin, "relative": relative}
    mirrored = [-value for value in a], [-value for value in b]
    found = non_inferiority(a, b, better="lower", **asked)
    assert found == pytest.approx(non_inferiority(*mirrored, better="higher", **asked))


@pytest.mark.parametrize("better", DIRECTIONS)
def test_values_without_variance_have_no_t_test(better: Direction) -> None:
    """However far apart they are: two seeds that agree are no certainty."""
    same, high = [0.1] * 3, [2.0, 2.0, 2.0]
    assert standard_deviation(same) == 0
    assert mean_interval(same) == (0.1, 0.1, 0.1)
    assert difference_interval(same, [0.1] * 4) == (0, 0, 0)
    for by in ("welch", "paired"):
        for control in (same, high):
            for relative in (False, True):
                margin: Any = {"margin": 0.01, "relative": relative, "by": by}
                for test in (superiority, non_inferiority, equivalence):
                    assert all(map(math.isnan, test(same, control, better=better, **margin)))


def test_one_sample_without_variance_is_a_one_sample_test() -> None:
    arm, control = [1.0, 1.0, 1.0], [1.5, 2.0, 2.5]
    expected = stats.ttest_1samp(np.array(control), 1.0, alternative="greater").pvalue
    assert superiority(arm, control, better="lower").claim == pytest.approx(float(expected))


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([1.0, 2.0], []), ([], [])])
def test_too_few_values_decide_nothing(a: list[float], b: list[float]) -> None:
    assert math.isnan(superiority(a, b, better="lower").claim)
    assert math.isnan(non_inferiority(a, b, better="lower", margin=1).claim)
    assert math.isnan(equivalence(a, b, better="lower", margin=1).claim)
    for test in (superiority, non_inferiority, equivalence):
        assert math.isnan(test(a, b, better="lower", margin=1).opposite)
    assert math.isnan(difference_interval(a, b).low)


@pytest.mark.parametrize("scale", [1e-170, 1e-30, 1e150])
def test_extreme_scales_change_no_p_value(scale: float) -> None:
    a, b = np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, 6.0, 5.0])
    expected = superiority(a, b, better="lower").claim
    found = superiority(scale * a, scale * b, better="lower").claim
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n", "m", "ratio"), [(5, 5, 1.0), (3, 8, 3.0), (8, 4, 0.5)])
def test_false_claims_are_rare(n: int, m: int, ratio: float) -> None:
    """At the edge of the null hypothesis about alpha of all studies err, whatever the variances."""
    rng = np.random.default_rng(n)
    false = {"superiority": 0, "non_inferiority": 0, "relative": 0, "equivalence": 0, "worse": 0}
    for _ in range(REPETITIONS):
        control = 20 + rng.normal(size=m)
        arm = 20 + ratio * rng.normal(size=n)
        tests = {
            "superiority": superiority(arm, control, better="lower").claim,
            "worse": superiority(arm, control, better="lower").opposite,
            "non_inferiority": non_inferiority(arm + 1, control, better="lower", margin=1).claim,
            "relative": non_inferiority(
                arm + 2, control, better="lower", margin=0.1, relative=True
            ).claim,
            "equivalence": equivalence(arm + 5, control, better="lower", margin=5).claim,
        }
        for name, p in tests.items():
            false[name] += p < ALPHA
    for name, count in false.items():
        assert 0.02 < count / REPETITIONS < at_most(1.2 * ALPHA), (name, count / REPETITIONS)

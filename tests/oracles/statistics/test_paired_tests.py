"""Paired tests against statsmodels and scipy, and their promises in simulations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from ogan_bench.metrics import Direction
from ogan_bench.statistics import (
    Method,
    correlation,
    difference_interval,
    equivalence,
    non_inferiority,
    superiority,
)
from tests.oracles.statistics.generated_samples import pairs

Array = NDArray[np.float64]
ALPHA = 0.05
modest = settings(deadline=None, max_examples=50)
directions: st.SearchStrategy[Direction] = st.sampled_from(["lower", "higher"])
margins = st.integers(1, 50_000).map(lambda value: value / 1000)


@modest
@given(pairs, margins, directions)
def test_paired_claims_are_one_sample_tests(
    pair: tuple[Array, Array], margin: float, better: Direction
) -> None:
    a, b = pair
    assume(np.ptp(a - b) > 1e-6)
    sign = 1 if better == "higher" else -1
    advantage = sign * (a - b)
    for p, bound in (
        (superiority(a, b, better=better, by="paired").claim, 0.0),
        (superiority(a, b, better=better, margin=margin, by="paired").claim, margin),
        (non_inferiority(a, b, better=better, margin=margin, by="paired").claim, -margin),
    ):
        expected = stats.ttest_1samp(advantage, bound, alternative="greater").pvalue
        assert p == pytest.approx(float(expected), abs=1e-9)


@modest
@given(pairs, margins)
def test_paired_equivalence_is_tost(pair: tuple[Array, Array], margin: float) -> None:
    a, b = pair
    assume(np.ptp(a - b) > 1e-6)
    expected = ttost_paired(a, b, -margin, margin)[0]
    assert equivalence(a, b, margin=margin, by="paired").claim == pytest.approx(expected, abs=1e-9)


@modest
@given(pairs, st.sampled_from([0.05, 0.1, 0.5]))
def test_a_paired_relative_margin_scales_the_control_of_each_seed(
    pair: tuple[Array, Array], share: float
) -> None:
    a, b = pair
    assume(abs(b.mean()) > 1e-6)
    factor = 1 + share if b.mean() > 0 else 1 - share
    d = a - factor * b
    assume(np.ptp(d) > 1e-6)
    assume(np.ptp(b) > 1e-6)
    p = non_inferiority(a, b, better="lower", margin=share, relative=True, by="paired").claim
    sign = stats.ttest_1samp(b, 0).pvalue / 2  # a share of what might be 0 is none
    expected = max(stats.ttest_1samp(d, 0, alternative="less").pvalue, sign)
    assert p == pytest.approx(float(expected), abs=1e-9)


@modest
@given(pairs, margins, directions, st.booleans())
def test_paired_claims_and_opposites_never_both_hold(
    pair: tuple[Array, Array], margin: float, better: Direction, relative: bool
) -> None:
    a, b = pair
    assume(np.ptp(a - b) > 1e-6 and np.ptp(b) > 1e-6)
    asked: Any = {"better": better, "margin": margin, "relative": relative, "by": "paired"}
    for test in (superiority, non_inferiority):
        found = test(a, b, **asked)
        assume(not math.isnan(found.claim))  # parallel after scaling
        assert sum(found) >= 1 - 1e-12
        assert relative or sum(found) == pytest.approx(1)
    found = equivalence(a, b, **asked)
    assert max(found) >= 0.5 - 1e-12 or math.isnan(found.claim)


def test_pairs_need_equal_lengths() -> None:
    with pytest.raises(ValueError, match="not 2 and 3"):
        superiority([1.0, 2.0], [1.0, 2.0, 3.0], better="lower", by="paired")
    with pytest.raises(ValueError, match="not 1 and 0"):
        correlation([1.0], [])


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_arms_in_parallel_have_no_t_test(better: Direction) -> None:
    """A difference that is the same for every seed has no variance, whatever the rounding."""
    control = np.array([0.1, 0.7, 1.3, 2.9])
    arm = control - 0.1 if better == "lower" else control + 0.1
    assert np.ptp(arm - control) > 0  # by rounding alone
    assert difference_interval(arm, control, paired=True).low == pytest.approx(
        -0.1 if better == "lower" else 0.1
    )
    asked: Any = {"better": better, "margin": 0.05}
    for test in (superiority, non_inferiority, equivalence):
        assert math.isnan(test(arm, control, by="paired", **asked).claim)
    assert superiority(arm, control, by="signed_ranks", **asked).claim == pytest.approx(1 / 16)


def test_one_pair_decides_nothing() -> None:
    for a in ([1.0], []):
        assert math.isnan(superiority(a, a, better="lower", by="paired").claim)
        assert math.isnan(equivalence(a, a, better="lower", margin=1, by="paired").opposite)
    assert difference_interval([3.0], [1.0], paired=True) == pytest.approx(
        (2, math.nan, math.nan), nan_ok=True
    )


REPETITIONS = 2000
LEVEL = pytest.approx(ALPHA, abs=3 * math.sqrt(ALPHA * (1 - ALPHA) / REPETITIONS))


def arms(rng: np.random.Generator, n: int, rho: float) -> tuple[Array, Array]:
    """Standard normal values of arm and control with a correlation over seeds."""
    control, own = rng.normal(size=(2, n))
    return rho * control + math.sqrt(1 - rho**2) * own, control


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.95])
def test_false_paired_claims_come_at_exactly_their_level(rho: float) -> None:
    rng = np.random.default_rng(0)
    false = dict.fromkeys(("superiority", "margin", "worse", "non_inferiority", "relative"), 0)
    false["equivalence"] = covered = 0
    for _ in range(REPETITIONS):
        arm, control = arms(rng, 5, rho)
        arm, control = 20 + 1.5 * arm, 20 + control
        p = {
            "superiority": superiority(arm, control, better="lower", by="paired").claim,
            "margin": superiority(arm - 1, control, better="lower", margin=1, by="paired").claim,
            "worse": superiority(arm, control, better="lower", by="paired").opposite,
            "non_inferiority": non_inferiority(
                arm + 1, control, better="lower", margin=1, by="paired"
            ).claim,
            "relative": non_inferiority(
                arm + 2, control, better="lower", margin=0.1, relative=True, by="paired"
            ).claim,
            "equivalence": equivalence(arm + 50, control, margin=50, by="paired").claim,
        }
        for name, value in p.items():
            false[name] += value < ALPHA
        _, low, high = difference_interval(arm, control, paired=True)
        covered += low <= 0 <= high
    assert {name: count / REPETITIONS for name, count in false.items()} == dict.fromkeys(
        false, LEVEL
    )
    assert 1 - covered / REPETITIONS == LEVEL


def test_pairing_pays_where_seeds_go_together() -> None:
    rng = np.random.default_rng(0)
    found: dict[Method, int] = {"paired": 0, "welch": 0}
    for _ in range(500):
        arm, control = arms(rng, 5, 0.9)
        for by in found:
            found[by] += superiority(arm + 1, control, better="higher", by=by).claim < ALPHA
    assert found["paired"] > 1.5 * found["welch"]

"""The test behind each kind of hypothesis, on made-up values, against scipy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.power import TTestPower

from ogan_bench.analysis.hypothesis_result import HypothesisResult
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import Verdict, judge
from ogan_bench.errors import UserError
from ogan_bench.statistics import signed_rank_sides
from tests.unit.analysis.made_up_values import results

FD, ACCURACY = "fd_classifier", "probe_accuracy"
NAN = math.nan


def claim(test: str, **entries: Any) -> dict[str, Any]:
    named = {"metric": FD, "arm": "a", "control": "b"} | entries
    return {"id": "h", "claim": "Something.", "test": test, **named}


def trend_claim(*arms: str) -> dict[str, Any]:
    return {"id": "h", "claim": "A trend.", "test": "trend", "metric": FD, "arms": list(arms)}


def range_claim(test: str, bounds: list[float | None], **entries: Any) -> dict[str, Any]:
    metric = {} if test == "failure_rate" else {"metric": FD}
    return {"id": "h", "claim": "x", "test": test, "arm": "a", "range": bounds, **metric, **entries}


def verdict(found: StudyResults) -> Verdict:
    (only,) = judge(found)
    return only


def finding(found: StudyResults) -> HypothesisResult:
    return verdict(found).finding


A = [1.0, 1.3, 0.9, 1.1, 1.4]
B = [2.0, 2.2, 1.8, 2.3, 2.3]


def test_arms_are_paired_by_seed() -> None:
    found = finding(results({"a": A, "b": B}, [claim("superiority")]))
    assert found.significance.claim == pytest.approx(
        stats.ttest_rel(A, B, alternative="less").pvalue
    )
    assert found.significance.opposite == pytest.approx(1 - found.significance.claim)
    assert found.correlation == pytest.approx(np.corrcoef(A, B)[0, 1])
    assert "paired t test over seeds (correlation 0.81)" in found.method
    assert found.estimate.estimate == pytest.approx(np.mean(A) - np.mean(B))
    assert found.region == (-math.inf, 0.0)


def test_only_common_seeds_are_compared() -> None:
    """A trial that has not been run is nobody's failure: the test stays parametric."""
    a = [*A, NAN]
    known = {"a": ["ok"] * 5 + ["missing"]}
    found = finding(results({"a": a, "b": [*B, 9.0]}, [claim("superiority")], outcomes=known))
    assert found.significance.claim == pytest.approx(
        stats.ttest_rel(A, B, alternative="less").pvalue
    )
    assert found.n == (5, 5)
    assert found.lacking == ("a lacks 1 of 6 values (1 missing)",)


BY_CLASSIFIER = np.array([0.3, 0.2, 0.3, -0.2, 0.2])
"""What each classifier adds to the difference."""


def in_classifiers(values: list[float], effect: NDArray[np.float64]) -> list[tuple[float, ...]]:
    return [tuple(value + effect) for value in values]


def measured_in_classifiers(
    hypothesis: dict[str, Any], only: tuple[str, ...] = ("a", "b")
) -> StudyResults:
    """The arm is 0.16 worse at every seed on average, but better in one classifier of five."""
    control = [2.0, 2.2, 1.8, 2.3, 2.4]
    shifts = [0.0, 0.01, -0.01, 0.02, 0.0]
    arm = [c + s for c, s in zip(control, shifts, strict=True)]
    members = {"a": in_classifiers(arm, BY_CLASSIFIER), "b": in_classifiers(control, np.zeros(5))}
    return results(
        {"a": [float(np.mean(row)) for row in members["a"]], "b": control},
        [hypothesis],
        members={name: members[name] for name in only},
    )


def test_a_difference_between_classifiers_is_part_of_the_spread() -> None:
    """Every seed has the same sign, the classifiers have not."""
    crossed = finding(measured_in_classifiers(claim("superiority")))
    alone = finding(measured_in_classifiers(claim("superiority"), only=()))
    assert crossed.estimate.estimate == pytest.approx(0.164)
    assert alone.estimate.estimate == pytest.approx(0.164)
    assert alone.significance.opposite < 1e-4
    assert crossed.significance.opposite == pytest.approx(
        stats.ttest_1samp(BY_CLASSIFIER + 0.004, 0, alternative="greater").pvalue, rel=0.01
    )
    assert crossed.method.startswith("paired t test over seeds and classifiers (correlation")
    assert alone.method.startswith("paired t test over seeds (correlation")
    assert crossed.estimate.low < 0 < alone.estimate.low


def test_classifiers_of_one_arm_only_are_left_out() -> None:
    one = finding(measured_in_classifiers(claim("superiority"), only=("a",)))
    none = finding(measured_in_classifiers(claim("superiority"), only=()))
    assert (one.significance.claim, one.estimate, one.method) == (
        none.significance.claim,
        none.estimate,
        none.method,
    )


@pytest.mark.parametrize("test", ["non_inferiority", "equivalence"])
def test_margins_hold_for_other_classifiers_too(test: str) -> None:
    margin = {"value": 0.1, "relative": True}
    crossed = finding(measured_in_classifiers(claim(test, margin=margin)))
    alone = finding(measured_in_classifiers(claim(test, margin=margin), only=()))
    assert alone.significance.claim < 0.01
    assert crossed.significance.claim > 0.05


def test_a_range_holds_for_other_classifiers_too() -> None:
    asked = range_claim("interval", [2.2, None])
    crossed = finding(measured_in_classifiers(asked))
    alone = finding(measured_in_classifiers(asked, only=()))
    assert crossed.estimate.estimate == pytest.approx(alone.estimate.estimate)
    assert crossed.estimate.low < alone.estimate.low
    assert crossed.significance.claim > alone.significance.claim


def test_two_sides_double_the_p_value() -> None:
    one = finding(results({"a": A, "b": B}, [claim("superiority")]))
    two = finding(results({"a": A, "b": B}, [claim("superiority", sides=2)]))
    assert two.significance.claim == pytest.approx(2 * one.significance.claim)
    assert two.significance.opposite == 1.0


def test_a_relative_margin_scales_the_control() -> None:
    margin = {"value": 0.25, "relative": True}
    found = finding(results({"a": A, "b": B}, [claim("non_inferiority", margin=margin)]))
    scaled = 1.25 * np.array(B)
    assert found.significance.claim == pytest.approx(
        stats.ttest_rel(A, scaled, alternative="less").pvalue
    )
    assert found.region == (-math.inf, 25)
    assert found.quantity == "FD (classifier), a − b, in % of b"
    assert found.estimate.estimate == pytest.approx(100 * (np.mean(A) / np.mean(B) - 1))


def test_better_is_the_direction_of_the_metric() -> None:
    higher = results({"a": B, "b": A}, [claim("superiority", metric=ACCURACY)], metric=ACCURACY)
    assert finding(higher).significance.claim == pytest.approx(
        stats.ttest_rel(B, A, alternative="greater").pvalue
    )
    assert finding(higher).region == (0.0, math.inf)


def test_a_failed_training_is_worse_than_any_value_at_its_seed() -> None:
    """Without its failures arm a looks better than b; with them it is not."""
    a = [1.0, 1.1, NAN, NAN, NAN]
    found = finding(results({"a": a, "b": B}, [claim("superiority")]))
    assert found.method == "exact signed-rank test over seeds"
    assert found.significance.claim == pytest.approx(signed_rank_sides([1, 1.1, -9, -9, -9]).above)
    assert found.estimate.high == math.inf  # FD of a failure: worse is more
    assert found.estimate.low < 0
    assert found.better_pairs == pytest.approx(10)
    assert found.pairs == 25
    assert found.lacking == ("a lacks 3 of 5 values (3 diverged)",)


def test_pairs_with_a_failure_keep_their_pairing() -> None:
    """At every seed a is a little better than b; the seeds themselves differ far more."""
    b = [1.0, 10.0, 100.0, 1000.0, 5000.0, NAN]
    a = [0.9 * value for value in b[:5]] + [7000.0]
    found = finding(results({"a": a, "b": b}, [claim("superiority")]))
    assert found.significance.claim == pytest.approx(1 / 64)
    assert found.n == (6, 6)


def test_a_margin_moves_the_values_that_are_ranked() -> None:
    a, b = [3.0, 3.1, 3.2, 3.3, 3.4, 3.5], [1.0, 1.1, 1.2, 1.3, 1.4, NAN]
    near = finding(results({"a": a, "b": b}, [claim("non_inferiority", margin={"value": 0.5})]))
    far = finding(results({"a": a, "b": b}, [claim("non_inferiority", margin={"value": 5})]))
    assert near.significance.claim > 0.8
    assert far.significance.claim == pytest.approx(1 / 64)
    assert near.significance.opposite < far.significance.opposite
    share = {"value": 2.5, "relative": True}  # of the control at the same seed
    shares = finding(results({"a": a, "b": b}, [claim("non_inferiority", margin=share)]))
    assert shares.significance.claim == pytest.approx(1 / 64)
    assert shares.region == (-math.inf, 250)


def test_too_few_seeds_for_ranks_are_said_to_be_too_few() -> None:
    a, b = [1.0, 1.1, 1.2, 1.3], [2.0, 2.2, 2.4, NAN]
    found = verdict(results({"a": a, "b": b}, [claim("superiority")]))
    assert found.decision == "inconclusive"
    assert found.reason.endswith("with 4 seeds no p-value of this test is below 0.062")
    five = results({"a": [*a, 1.4], "b": [*b, 3.0]}, [claim("superiority") | {"id": name}
                                                      for name in ("h", "i")])  # fmt: skip
    assert judge(five)[0].reason.endswith("0.031, which decides nothing as the smallest of 2")


def test_collapsed_trials_keep_their_values() -> None:
    """A collapsed trial was measured; beside one without a value it still has its own."""
    known = {"a": ["collapsed"] * 5}
    measured = finding(results({"a": A, "b": B}, [claim("superiority")], outcomes=known))
    assert measured.method.startswith("paired t test")
    known["b"] = ["ok"] * 4 + ["diverged"]
    ranked = finding(results({"a": A, "b": [*B[:4], NAN]}, [claim("superiority")], outcomes=known))
    assert ranked.significance.claim == pytest.approx(1 / 32)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_counts_that_agree_are_no_certainty(n: int) -> None:
    """8 modes against 7 at every seed: one of 2^n choices of signs."""
    modes = "modes_points"
    counts = results(
        {"a": [8.0] * n, "b": [7.0] * n}, [claim("superiority", metric=modes)], metric=modes
    )
    found = finding(counts)
    assert found.method == "exact signed-rank test over seeds"
    assert found.significance.claim == pytest.approx(0.5**n)
    inside = results({"a": [8.0] * n}, [range_claim("interval", [7, None])], metric=FD)
    assert finding(inside).significance.claim == pytest.approx(0.5**n)


def test_equivalence_holds_between_its_margins() -> None:
    found = finding(results({"a": A, "b": B}, [claim("equivalence", margin={"value": 2})]))
    assert found.region == (-2.0, 2.0)
    assert found.significance.claim < 0.001


def order(test: str, *arms: str, **entries: Any) -> dict[str, Any]:
    return trend_claim(*arms) | {"test": test} | entries


def test_an_association_is_pages_test() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(6, 4)) + np.arange(3, -1, -1)
    arms = dict(zip("abcd", table.T.tolist(), strict=True))
    found = finding(results(arms, [order("association", *"abcd")]))
    page = stats.page_trend_test(-table, method="exact")
    assert found.significance.claim == pytest.approx(page.pvalue)
    assert found.estimate.estimate > 0.5
    assert verdict(results(arms, [order("association", *"abcd")])).decision == "supported"
    assert verdict(results(arms, [order("association", *"dcba")])).decision == "refuted"
    two = finding(results(arms, [order("association", *"abcd", sides=2)]))
    assert two.significance.claim == pytest.approx(2 * page.pvalue)


def test_a_trend_needs_every_step() -> None:
    """The largest p-value of its steps; the smallest of their opposites, times their number."""
    rng = np.random.default_rng(0)
    table = 0.3 * rng.normal(size=(6, 4)) + np.arange(3, -1, -1)
    arms = dict(zip("abcd", table.T.tolist(), strict=True))
    found = finding(results(arms, [trend_claim(*"abcd")]))
    steps = [stats.ttest_rel(table[:, k + 1], table[:, k], alternative="less").pvalue
             for k in range(3)]  # fmt: skip
    assert found.significance.claim == pytest.approx(max(steps))
    assert found.significance.opposite == pytest.approx(min(1.0, 3 * min(1 - p for p in steps)))
    assert verdict(results(arms, [trend_claim(*"abcd")])).decision == "supported"
    assert verdict(results(arms, [trend_claim(*"dcba")])).decision == "refuted"
    last = ("a to b", "b to c", "c to d")[int(np.argmax(steps))]
    assert found.quantity == f"improvement of FD (classifier), {last}"


def test_one_step_is_no_trend() -> None:
    """Means 3, 1, 1, 1: an association, which Page's test sees, and no trend."""
    rng = np.random.default_rng(1)
    false = {"trend": 0, "association": 0}
    for _ in range(40):
        table = np.array([3.0, 1.0, 1.0, 1.0]) + 0.1 * rng.normal(size=(5, 4))
        arms = dict(zip("abcd", table.T.tolist(), strict=True))
        for test in false:
            decided = verdict(results(arms, [order(test, *"abcd")])).decision
            false[test] += decided == "supported"
    assert false["trend"] <= 4
    assert false["association"] > 20


def test_one_seed_is_no_order() -> None:
    for test in ("trend", "association"):
        arms = {name: [float(value)] for name, value in zip("abcd", (4, 3, 2, 1), strict=True)}
        found = verdict(results(arms, [order(test, *"abcd")]))
        assert found.decision == "inconclusive"
        assert math.isnan(found.finding.significance.claim)


def test_an_association_ranks_failures_worst_and_drops_seeds_that_were_not_run() -> None:
    arms = {"a": [NAN] * 5 + [1.0], "b": [2.0] * 5 + [1.0], "c": [1.0] * 5 + [NAN]}
    known = {"c": ["ok"] * 5 + ["missing"]}
    found = finding(results(arms, [order("association", *"abc")], outcomes=known))
    assert found.n == (5, 5, 5)
    assert found.estimate.estimate == pytest.approx(1.0)
    assert found.significance.claim == pytest.approx(1 / 6**5)


def test_a_mean_in_a_stated_range() -> None:
    inside = verdict(results({"a": A}, [range_claim("interval", [0.5, 2.0])]))
    outside = verdict(results({"a": A}, [range_claim("interval", [None, 0.5])]))
    assert inside.decision == "supported"
    assert outside.decision == "refuted"
    t = stats.ttest_1samp(A, 0.5, alternative="greater").pvalue
    assert inside.finding.significance.claim == pytest.approx(
        max(t, stats.ttest_1samp(A, 2.0, alternative="less").pvalue)
    )
    assert outside.finding.significance.opposite == pytest.approx(t)
    assert "claimed: at most 0.5" in outside.reason


def test_a_rate_of_failure_counts_trained_trials_only() -> None:
    known = {"a": ["diverged"] * 7 + ["collapsed", "ok", "missing", "failed", "unfinished"]}
    values = {"a": [NAN] * 7 + [1.0, 1.0] + [NAN] * 3}
    found = finding(results(values, [range_claim("failure_rate", [0.5, None])], outcomes=known))
    assert found.n == (9,)
    assert found.significance.claim == pytest.approx(
        stats.binomtest(8, 9, 0.5, alternative="greater").pvalue
    )
    exact = stats.binomtest(8, 9).proportion_ci(0.9)
    assert found.estimate == pytest.approx((8 / 9, exact.low, exact.high))
    only = range_claim("failure_rate", [0.5, None], outcomes=["collapsed"])
    assert finding(results(values, [only], outcomes=known)).estimate.estimate == 1 / 9


def test_arms_of_different_data_are_not_compared() -> None:
    for hypothesis in (claim("superiority"), trend_claim("a", "b", "c")):
        apart = results({"a": A, "b": B, "c": B}, [hypothesis], data={"b": "ring"})
        with pytest.raises(UserError, match="different data"):
            judge(apart)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_values_decide_nothing(count: int) -> None:
    for hypothesis in (
        claim("superiority"),
        claim("equivalence", margin={"value": 1}),
        range_claim("interval", [0, 1]),
    ):
        few = {"a": A[:count] + [NAN] * 2, "b": B[:count] + [NAN] * 2}
        known = {arm: ["ok"] * count + ["missing"] * 2 for arm in few}
        found = verdict(results(few, [hypothesis], outcomes=known))
        assert found.decision == "inconclusive"
        assert math.isnan(found.finding.significance.claim)
        assert math.isnan(found.detectable)


def test_an_open_verdict_says_what_its_seeds_can_detect() -> None:
    a, b = [1.0, 1.6, 0.8, 1.45, 1.2], [1.3, 1.25, 1.5, 1.4, 1.7]
    found = verdict(results({"a": a, "b": b}, [claim("superiority")]))
    assert found.decision == "inconclusive"
    d = np.array(a) - np.array(b)
    size = found.detectable / d.std(ddof=1)
    assert TTestPower().power(size, 5, 0.05, alternative="larger") == pytest.approx(0.8)
    assert f"with 80 % power, 5 seeds detect a difference of {found.detectable:.2g}" in found.reason


def test_what_is_detectable_of_a_share_is_a_share() -> None:
    a, b = [1.0, 1.6, 0.8, 1.45, 1.2], [1.3, 1.25, 1.5, 1.4, 1.7]
    margin = {"value": 0.1, "relative": True}
    found = verdict(results({"a": a, "b": b}, [claim("non_inferiority", margin=margin)]))
    plain = verdict(results({"a": a, "b": b}, [claim("superiority")]))
    assert found.detectable == pytest.approx(100 * plain.detectable / np.mean(b))
    assert f"detect a difference of {found.detectable:.2g} %" in found.reason


def test_a_family_is_adjusted_together() -> None:
    family = [claim("superiority") | {"id": f"h{index}"} for index in range(4)]
    alone = verdict(results({"a": A, "b": B}, family[:1]))
    together = judge(results({"a": A, "b": B}, family))
    for found in together:
        assert found.p_adjusted == pytest.approx(4 * alone.p_adjusted)
        assert found.detectable > alone.detectable + 1e-12

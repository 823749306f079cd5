"""The test behind each kind of hypothesis, on made-up values, against scipy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from ogan_bench.analysis.hypothesis_result import HypothesisResult
from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import Verdict, judge
from ogan_bench.errors import UserError
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
    assert found.p == pytest.approx(stats.ttest_rel(A, B, alternative="less").pvalue)
    assert found.p_opposite == pytest.approx(1 - found.p)
    assert found.correlation == pytest.approx(np.corrcoef(A, B)[0, 1])
    assert "paired t test over seeds (correlation 0.81)" in found.method
    assert found.estimate.estimate == pytest.approx(np.mean(A) - np.mean(B))
    assert found.region == (-math.inf, 0.0)


def test_only_common_seeds_are_compared() -> None:
    """A trial that has not been run is nobody's failure: the test stays parametric."""
    a = [*A, NAN]
    known = {"a": ["ok"] * 5 + ["missing"]}
    found = finding(results({"a": a, "b": [*B, 9.0]}, [claim("superiority")], outcomes=known))
    assert found.p == pytest.approx(stats.ttest_rel(A, B, alternative="less").pvalue)
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
    assert alone.p_opposite < 1e-4
    assert crossed.p_opposite == pytest.approx(
        stats.ttest_1samp(BY_CLASSIFIER + 0.004, 0, alternative="greater").pvalue, rel=0.01
    )
    assert crossed.method.startswith("paired t test over seeds and classifiers (correlation")
    assert alone.method.startswith("paired t test over seeds (correlation")
    assert crossed.estimate.low < 0 < alone.estimate.low


def test_classifiers_of_one_arm_only_are_left_out() -> None:
    one = finding(measured_in_classifiers(claim("superiority"), only=("a",)))
    none = finding(measured_in_classifiers(claim("superiority"), only=()))
    assert (one.p, one.estimate, one.method) == (none.p, none.estimate, none.method)


@pytest.mark.parametrize("test", ["non_inferiority", "equivalence"])
def test_margins_hold_for_other_classifiers_too(test: str) -> None:
    margin = {"value": 0.1, "relative": True}
    crossed = finding(measured_in_classifiers(claim(test, margin=margin)))
    alone = finding(measured_in_classifiers(claim(test, margin=margin), only=()))
    assert alone.p < 0.01
    assert crossed.p > 0.05


def test_a_range_holds_for_other_classifiers_too() -> None:
    asked = range_claim("interval", [2.2, None])
    crossed = finding(measured_in_classifiers(asked))
    alone = finding(measured_in_classifiers(asked, only=()))
    assert crossed.estimate.estimate == pytest.approx(alone.estimate.estimate)
    assert crossed.estimate.low < alone.estimate.low
    assert crossed.p > alone.p


def test_two_sides_double_the_p_value() -> None:
    one = finding(results({"a": A, "b": B}, [claim("superiority")]))
    two = finding(results({"a": A, "b": B}, [claim("superiority", sides=2)]))
    assert two.p == pytest.approx(2 * one.p)
    assert two.p_opposite == 1.0


def test_a_relative_margin_scales_the_control() -> None:
    margin = {"value": 0.25, "relative": True}
    found = finding(results({"a": A, "b": B}, [claim("non_inferiority", margin=margin)]))
    scaled = 1.25 * np.array(B)
    assert found.p == pytest.approx(stats.ttest_rel(A, scaled, alternative="less").pvalue)
    assert found.region[0] == -math.inf
    assert found.region[1] == pytest.approx(0.25 * np.mean(B))


def test_better_is_the_direction_of_the_metric() -> None:
    higher = results({"a": B, "b": A}, [claim("superiority", metric=ACCURACY)], metric=ACCURACY)
    assert finding(higher).p == pytest.approx(stats.ttest_rel(B, A, alternative="greater").pvalue)
    assert finding(higher).region == (0.0, math.inf)


def test_a_failed_training_is_ranked_worst() -> None:
    """Without its failures arm a looks better than b; with them it is not."""
    a = [1.0, 1.1, NAN, NAN, NAN]
    found = finding(results({"a": a, "b": B}, [claim("superiority")]))
    ranked = [1.0, 1.1, 9.0, 9.0, 9.0]
    p = stats.mannwhitneyu(ranked, B, alternative="less", method="asymptotic").pvalue
    assert found.method.startswith("Mann-Whitney")
    assert found.p > 0.5
    assert found.p == pytest.approx(p, abs=0.1)  # exact here, with ties
    assert found.probability_of_improvement == pytest.approx(2 / 5)
    assert found.lacking == ("a lacks 3 of 5 values (3 diverged)",)


def test_a_margin_moves_the_values_that_are_ranked() -> None:
    a, b = [3.0, 3.1, 3.2, 3.3, 3.4, 3.5], [1.0, 1.1, 1.2, 1.3, 1.4, NAN]
    near = finding(results({"a": a, "b": b}, [claim("non_inferiority", margin={"value": 0.5})]))
    far = finding(results({"a": a, "b": b}, [claim("non_inferiority", margin={"value": 5})]))
    assert near.p > 0.9
    assert far.p < 0.01
    assert near.p_opposite < 0.05 < far.p_opposite


def test_collapsed_trials_keep_their_values_unless_ranks_are_used() -> None:
    """A collapsed trial was measured; only a trial without a value makes the test one of ranks."""
    known = {"a": ["collapsed"] * 5}
    measured = finding(results({"a": A, "b": B}, [claim("superiority")], outcomes=known))
    assert measured.method.startswith("paired t test")
    known["b"] = ["ok"] * 4 + ["diverged"]
    ranked = finding(results({"a": A, "b": [*B[:4], NAN]}, [claim("superiority")], outcomes=known))
    assert ranked.p > 0.9


def test_equivalence_holds_between_its_margins() -> None:
    found = finding(results({"a": A, "b": B}, [claim("equivalence", margin={"value": 2})]))
    assert found.region == (-2.0, 2.0)
    assert found.p < 0.001


def test_a_trend_is_pages_test() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(6, 4)) + np.arange(3, -1, -1)
    arms = dict(zip("abcd", table.T.tolist(), strict=True))
    found = finding(results(arms, [trend_claim(*"abcd")]))
    page = stats.page_trend_test(-table, method="exact")
    assert found.p == pytest.approx(page.pvalue)
    assert found.estimate.estimate > 0.5
    assert verdict(results(arms, [trend_claim(*"abcd")])).decision == "supported"
    assert verdict(results(arms, [trend_claim(*"dcba")])).decision == "refuted"


def test_a_trend_ranks_failures_worst_and_drops_seeds_that_were_not_run() -> None:
    arms = {"a": [NAN] * 5 + [1.0], "b": [2.0] * 5 + [1.0], "c": [1.0] * 5 + [NAN]}
    known = {"c": ["ok"] * 5 + ["missing"]}
    found = finding(results(arms, [trend_claim(*"abc")], outcomes=known))
    assert found.n == (5, 5, 5)
    assert found.estimate.estimate == pytest.approx(1.0)
    assert found.p == pytest.approx(1 / 6**5)


def test_a_mean_in_a_stated_range() -> None:
    inside = verdict(results({"a": A}, [range_claim("interval", [0.5, 2.0])]))
    outside = verdict(results({"a": A}, [range_claim("interval", [None, 0.5])]))
    assert inside.decision == "supported"
    assert outside.decision == "refuted"
    t = stats.ttest_1samp(A, 0.5, alternative="greater").pvalue
    assert inside.finding.p == pytest.approx(
        max(t, stats.ttest_1samp(A, 2.0, alternative="less").pvalue)
    )
    assert outside.finding.p_opposite == pytest.approx(t)
    assert "claimed: at most 0.5" in outside.reason


def test_a_rate_of_failure_counts_trained_trials_only() -> None:
    known = {"a": ["diverged"] * 7 + ["collapsed", "ok", "missing", "failed", "unfinished"]}
    values = {"a": [NAN] * 7 + [1.0, 1.0] + [NAN] * 3}
    found = finding(results(values, [range_claim("failure_rate", [0.5, None])], outcomes=known))
    assert found.n == (9,)
    assert found.p == pytest.approx(stats.binomtest(8, 9, 0.5, alternative="greater").pvalue)
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
        assert math.isnan(found.finding.p)
        assert math.isnan(found.power)


def test_an_open_verdict_says_what_more_seeds_would_do() -> None:
    a, b = [1.0, 1.6, 0.8, 1.4, 1.2], [1.3, 1.2, 1.5, 1.4, 1.7]
    found = verdict(results({"a": a, "b": b}, [claim("superiority")]))
    assert found.decision == "inconclusive"
    assert 0 < found.power < 0.8
    assert found.seeds_needed is not None
    assert found.seeds_needed > 5
    assert f"of a verdict; {found.seeds_needed - 5} more would raise it to 80 %" in found.reason
    assert found.finding.power_at(found.seeds_needed, 0.05) >= 0.8
    assert found.finding.power_at(found.seeds_needed - 1, 0.05) < 0.8


def test_no_number_of_seeds_settles_a_difference_of_nothing() -> None:
    a, b = [1.0, 2.0, 3.0, 2.0], [3.0, 2.0, 1.0, 2.0]
    found = verdict(results({"a": a, "b": b}, [claim("superiority")]))
    assert found.seeds_needed is None
    assert "even 1,000 would not raise it to 80 %" in found.reason


def test_a_family_is_adjusted_together() -> None:
    family = [claim("superiority") | {"id": f"h{index}"} for index in range(4)]
    alone = verdict(results({"a": A, "b": B}, family[:1]))
    together = judge(results({"a": A, "b": B}, family))
    for found in together:
        assert found.p_adjusted == pytest.approx(4 * alone.p_adjusted)
        assert found.power < alone.power + 1e-12

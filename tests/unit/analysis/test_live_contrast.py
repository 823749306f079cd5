"""Contrasts that can decide nothing: failed arms, values at a limit, margins that are too fine."""

from __future__ import annotations

from typing import Any

import pytest

from ogan_bench.analysis.results import StudyResults
from ogan_bench.analysis.verdicts import Verdict, judge
from tests.unit.analysis.made_up_values import results

FD, ACCURACY = "fd_classifier", "probe_accuracy"
GOOD = [1.0, 1.3, 0.9, 1.1, 1.4]
BAD = [20.0, 22.2, 18.1, 23.4, 23.0]
WORSE = [40.1, 42.2, 38.3, 43.6, 43.0]
COLLAPSED, OK = ["collapsed"] * 5, ["ok"] * 5


def claim(test: str = "superiority", **entries: Any) -> dict[str, Any]:
    named = {"metric": FD, "arm": "a", "control": "b"} | entries
    return {"id": "h", "claim": "Something.", "test": test, **named}


def verdict(found: StudyResults) -> Verdict:
    (only,) = judge(found)
    return only


def decided(arms: dict[str, list[float]], hypothesis: dict[str, Any], **entries: Any) -> Verdict:
    return verdict(results(arms, [hypothesis], **entries))


@pytest.mark.parametrize("sign", [1, -1])
def test_two_collapsed_arms_decide_nothing(sign: int) -> None:
    """However far apart they are."""
    arms = dict(zip("ab", (BAD, WORSE)[::sign], strict=True))
    found = decided(arms, claim(), outcomes={"a": COLLAPSED, "b": COLLAPSED})
    assert found.decision == "uninformative"
    assert found.uninformative == (
        "both arms fail: a and b, 5 of 5 trials collapsed and 5 of 5 trials collapsed"
    )
    assert found.reason.startswith("both arms fail")
    assert found.sensitivity is None
    assert min(found.p_adjusted, found.p_opposite) < 0.001


@pytest.mark.parametrize("test", ["superiority", "interval"])
def test_the_smoke_scale_decides_nothing(test: str) -> None:
    """It trains for a few steps: its verdicts would be about nothing."""
    kinds = {
        "superiority": claim(),
        "interval": {
            "id": "h", "claim": "Something.", "test": "interval",
            "metric": FD, "arm": "a", "range": [0, 2],
        },
    }  # fmt: skip
    found = results({"a": GOOD, "b": BAD}, [kinds[test]])
    assert verdict(found).decision == "supported"
    found.record["scale"] = "smoke"
    assert verdict(found).decision == "uninformative"
    assert verdict(found).reason.startswith("the scale smoke tests only that the study runs; ")


def test_one_collapsed_arm_is_a_contrast() -> None:
    known = {"a": OK, "b": COLLAPSED}
    assert decided({"a": GOOD, "b": BAD}, claim(), outcomes=known).decision == "supported"
    known = {"a": COLLAPSED, "b": OK}
    assert decided({"a": BAD, "b": GOOD}, claim(), outcomes=known).decision == "refuted"
    half = {"a": COLLAPSED, "b": ["collapsed"] * 2 + ["ok"] * 3}
    assert decided({"a": BAD, "b": GOOD}, claim(), outcomes=half).decision == "refuted"


@pytest.mark.parametrize("test", ["non_inferiority", "equivalence"])
def test_anything_is_as_good_as_a_collapsed_control(test: str) -> None:
    margin = {"value": 30}
    known = {"a": OK, "b": COLLAPSED}
    found = decided({"a": GOOD, "b": BAD}, claim(test, margin=margin), outcomes=known)
    assert found.decision == "uninformative"
    assert found.uninformative == "the control fails: b, 5 of 5 trials collapsed"


def test_a_claim_says_where_it_is_about_something() -> None:
    """Pearson collapsed: no refutation of what holds where Pearson works."""
    known = {"a": COLLAPSED, "b": OK}
    arms = {"a": BAD, "b": GOOD}
    found = decided(arms, claim(where_works=["a"]), outcomes=known)
    assert found.decision == "uninformative"
    assert found.uninformative == "a does not work: 5 of 5 trials collapsed"
    assert decided(arms, claim(where_works=["b"]), outcomes=known).decision == "refuted"


def test_a_step_between_two_collapsed_arms_is_none() -> None:
    trend = {"id": "h", "claim": "c", "test": "trend", "metric": FD, "arms": ["a", "b", "c"]}
    arms = {"a": WORSE, "b": BAD, "c": GOOD}
    found = decided(arms, trend, outcomes={"a": COLLAPSED, "b": COLLAPSED})
    assert found.decision == "uninformative"
    assert found.uninformative.startswith("both arms fail: b and a")
    assert decided(arms, trend, outcomes={"a": COLLAPSED}).decision == "supported"
    association = decided(arms, trend | {"test": "association"}, outcomes={"a": COLLAPSED})
    assert association.decision == "supported"
    every = dict.fromkeys("abc", COLLAPSED)
    assert decided(arms, trend | {"test": "association"}, outcomes=every).uninformative == (
        "all arms fail"
    )


def test_costs_and_rates_of_failure_say_something_about_any_arm() -> None:
    known = {"a": COLLAPSED, "b": COLLAPSED}
    speed = claim(metric="images_per_second")
    arms = {"a": [900.0, 911.0, 905.0], "b": [700.5, 705.0, 711.0]}
    found = decided(arms, speed, metric="images_per_second", outcomes=known)
    assert found.decision == "supported"
    rate = {"id": "h", "claim": "c", "test": "failure_rate", "arm": "a", "range": [0.5, None]}
    assert decided({"a": BAD}, rate, outcomes={"a": COLLAPSED}).decision == "supported"


def marked(arms: dict[str, list[float]], hypothesis: dict[str, Any], marks: dict[str, str],
           metric: str) -> Verdict:  # fmt: skip
    """The same with marks of degenerate values."""
    found = results(arms, [hypothesis], metric=metric)
    for arm, mark in marks.items():
        found.metrics.loc[found.metrics["arm"] == arm, "degenerate"] = mark
    return verdict(found)


CHANCE = [0.02, 0.031, 0.024, 0.019, 0.026]
BELOW = [0.011, 0.012, 0.0081, 0.0079, 0.0093]
WELL = [0.81, 0.83, 0.84, 0.79, 0.805]


def test_two_arms_at_chance_decide_nothing() -> None:
    better = claim(metric=ACCURACY)
    both = {"a": "chance", "b": "chance"}
    found = marked({"a": CHANCE, "b": BELOW}, better, both, ACCURACY)
    assert found.decision == "uninformative"
    assert found.uninformative == "both arms, a and b, are no better than chance"
    above = marked({"a": WELL, "b": BELOW}, better, {"b": "chance"}, ACCURACY)
    assert above.decision == "supported"


def test_anything_is_as_good_as_chance() -> None:
    kept = claim("non_inferiority", metric=ACCURACY, margin={"value": 0.05})
    found = marked({"a": WELL, "b": CHANCE}, kept, {"b": "chance"}, ACCURACY)
    assert found.uninformative == "the control, b, is no better than chance"
    lost = marked({"a": CHANCE, "b": WELL}, kept, {"a": "chance"}, ACCURACY)
    assert lost.decision == "refuted"


def test_two_arms_at_the_floor_cannot_be_told_apart() -> None:
    floor = {"a": "floor", "b": "floor"}
    found = marked({"a": BELOW, "b": CHANCE}, claim(), floor, FD)
    assert "are at the floor" in found.uninformative
    one = marked({"a": BELOW, "b": CHANCE}, claim(), {"a": "floor"}, FD)
    assert one.decision == "supported"


def with_errors(margin: dict[str, Any], error: float | None) -> Verdict:
    """Two arms that are alike, each value with this standard error."""
    arms = {"a": GOOD, "b": [value + 0.01 * k for k, value in enumerate(GOOD)]}
    found = results(arms, [claim("non_inferiority", margin=margin)])
    found.metrics["error"] = error
    return verdict(found)


def test_a_margin_below_the_error_of_the_samples_is_none() -> None:
    """Standard error 0.1 in each of 5 trials of two arms: 0.063 of the difference."""
    assert with_errors({"value": 0.13}, 0.1).decision == "supported"
    found = with_errors({"value": 0.12}, 0.1)
    assert found.decision == "uninformative"
    assert "more images are needed, not more seeds" in found.reason
    assert with_errors({"value": 0.12}, None).decision == "supported"
    assert with_errors({"value": 0.12, "relative": True}, 0.1).decision == "supported"
    assert with_errors({"value": 0.10, "relative": True}, 0.1).decision == "uninformative"


def test_uninformative_hypotheses_stay_in_their_family() -> None:
    known = {"a": COLLAPSED, "b": COLLAPSED, "c": OK, "d": OK}
    arms = {
        "a": BAD,
        "b": WORSE,
        "c": GOOD,
        "d": [value + 0.3 for value in (1.0, 1.5, 0.7, 1.2, 1.6)],
    }
    dead, live = claim() | {"id": "dead"}, claim(arm="c", control="d") | {"id": "live"}
    alone = judge(results(arms, [live], outcomes=known))[0]
    together = judge(results(arms, [dead, live], outcomes=known))[1]
    assert together.p_adjusted >= alone.p_adjusted

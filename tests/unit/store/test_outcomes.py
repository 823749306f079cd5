"""Rules that say what became of a training."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ogan_bench.store.outcomes import FAILURES, RULES, outcome
from ogan_bench.study import catalogue
from ogan_bench.study.parts import build

LINEAR: dict[str, Any] = {"objective": {"adversarial": {"name": "linear"}}}
HINGE: dict[str, Any] = {"objective": {"adversarial": {"name": "hinge"}}}


def rows(**values: float | None) -> list[dict[str, Any]]:
    return [{"metric": metric, "value": value} for metric, value in values.items()]


def result(outcome: str = "ok", reason: str | None = None, **values: float | None) -> Any:
    return {"outcome": outcome, "reason": reason, "metrics": rows(**values)}


def log(*losses: float | None) -> list[dict[str, Any]]:
    """Lines at steps 100, 200, ..."""
    return [
        {"step": 100 * (index + 1), "encoder_adversarial": loss}
        for index, loss in enumerate(losses)
    ]


def test_a_sound_training_is_ok() -> None:
    measured = result(modes_kl_classifier=0.03, recall_classifier=0.8)
    assert outcome(measured, HINGE, lambda: log(*[1.9] * 20)) == ("ok", None)


@pytest.mark.parametrize(("modes", "expected"), [(4, "collapsed"), (6, "ok")])
def test_images_on_few_of_ten_modes_are_collapsed(modes: int, expected: str) -> None:
    """Evenly over m of 10 modes, KL is log(10 / m) and exp(-KL) the share m / 10."""
    found, reason = outcome(result(modes_kl_points=math.log(10 / modes)), LINEAR, list)
    assert found == expected
    assert reason == ("spread over 40% of the modes" if modes == 4 else None)


def test_the_space_that_sees_the_most_modes_decides() -> None:
    measured = result(modes_kl_classifier=0.1, modes_kl_efficientnet=3.0)
    assert outcome(measured, LINEAR, list)[0] == "ok"


def test_recall_decides_only_where_modes_are_not_known() -> None:
    assert outcome(result(recall_inception=0.0), LINEAR, list)[0] == "collapsed"
    known = result(recall_inception=0.0, modes_kl_classifier=0.1)
    assert outcome(known, LINEAR, list)[0] == "ok"
    unmeasured = result(recall_inception=None, modes_kl_classifier=None)
    assert outcome(unmeasured, LINEAR, list)[0] == "ok"


def test_an_adversarial_loss_at_its_bound_is_saturated() -> None:
    found, reason = outcome(result(), HINGE, lambda: log(*[1.0] * 18, 0.001, 0.003))
    assert found == "saturated"
    assert reason is not None
    assert "0.002" in reason or "0.003" in reason


def test_only_the_end_of_the_training_counts() -> None:
    assert outcome(result(), HINGE, lambda: log(*[0.0] * 18, 0.5, 0.5))[0] == "ok"


def test_an_unbounded_loss_does_not_saturate_and_no_log_is_read() -> None:
    def unread() -> list[dict[str, Any]]:
        raise AssertionError

    assert outcome(result(), LINEAR, unread)[0] == "ok"
    assert outcome(result(), {"objective": {"name": "vae"}}, unread)[0] == "ok"


def test_lines_without_the_loss_are_passed_over() -> None:
    assert outcome(result(), HINGE, lambda: log(None, None))[0] == "ok"
    assert outcome(result(), HINGE, list)[0] == "ok"


@pytest.mark.parametrize("stored", ["diverged", "stopped"])
def test_what_the_result_says_comes_first(stored: str) -> None:
    measured = result(stored, "why", modes_kl_classifier=9.0)
    assert outcome(measured, HINGE, list) == (stored, "why")


@pytest.mark.parametrize("name", catalogue.names("adversarial"))
def test_the_bound_in_the_result_decides_whatever_the_loss_is_called(name: str) -> None:
    """Results that do not store the bound are judged as those that do."""
    bound = build("adversarial", name).lower_bound
    measured = result() | {"training": {"adversarial_lower_bound": bound}}
    expected = "ok" if bound is None else "saturated"
    assert expected == ("ok" if name == "linear" else "saturated")
    unknown = result() | {"training": None}
    for called, stored in (("mine", measured), *((name, r) for r in (measured, result(), unknown))):
        settings = {"objective": {"adversarial": {"name": called}}}
        assert outcome(stored, settings, lambda: log(*[0.0] * 20))[0] == expected


@pytest.mark.parametrize(("bound", "expected"), [(-1.5, "saturated"), (-1.6, "ok")])
def test_saturation_is_measured_from_the_bound(bound: float, expected: str) -> None:
    measured = result() | {"training": {"adversarial_lower_bound": bound}}
    assert outcome(measured, LINEAR, lambda: log(*[-1.495] * 20))[0] == expected


def test_every_failure_has_its_rule() -> None:
    assert tuple(RULES) == FAILURES

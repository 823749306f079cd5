"""What trials have cost, and what is left at the speed so far."""

from __future__ import annotations

from ogan_bench.analysis.effort import Planned, effort
from ogan_bench.analysis.states import TrialState

PLAN = Planned(100)


def test_what_is_left_goes_by_the_speed_of_the_arm() -> None:
    found = {
        "s/slow/seed-0": TrialState("finished", step=100, seconds=400.0),
        "s/slow/seed-1": TrialState("running", step=50, seconds=200.0),
        "s/fast/seed-0": TrialState("running", step=20, seconds=20.0),
        "s/fast/seed-1": TrialState("missing"),
    }
    of = effort(found, dict.fromkeys(found, PLAN))
    assert (of.over, of.running, of.device_seconds) == (1, 2, 620.0)
    assert of.device_seconds_left == 50 * 4.0 + 80 * 1.0 + 100 * 1.0
    assert of.seconds_left == 380.0 / 2


def test_an_arm_that_has_not_begun_goes_by_all_others() -> None:
    found = {
        "s/a/seed-0": TrialState("finished", step=100, seconds=100.0),
        "s/b/seed-0": TrialState("finished", step=100, seconds=300.0),
        "s/c/seed-0": TrialState("missing"),
    }
    of = effort(found, dict.fromkeys(found, PLAN))
    assert of.device_seconds_left == 200.0
    assert of.seconds_left is None  # nothing runs


def test_processes_that_share_a_step_each_count() -> None:
    found = {
        "s/a/seed-0": TrialState("finished", step=100, seconds=100.0),
        "s/a/seed-1": TrialState("interrupted", step=50, seconds=50.0),
    }
    of = effort(found, dict.fromkeys(found, Planned(100, processes=4)))
    assert (of.device_seconds, of.device_seconds_left) == (600.0, 200.0)


def test_nothing_is_guessed_before_a_trial_was_timed() -> None:
    of = effort({"s/a/seed-0": TrialState("missing")}, {"s/a/seed-0": PLAN})
    assert (of.device_seconds, of.device_seconds_left, of.seconds_left) == (0.0, None, None)


def test_a_stopped_trial_is_over_and_a_failed_one_is_not() -> None:
    found = {
        "s/a/seed-0": TrialState("stopped", step=50, seconds=50.0),
        "s/a/seed-1": TrialState("failed", step=None, seconds=None),
    }
    of = effort(found, dict.fromkeys(found, PLAN))
    assert (of.over, of.device_seconds_left) == (1, 100.0)

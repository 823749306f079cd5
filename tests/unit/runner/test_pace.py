"""Speed of a trial, and time left of a trial and of a run."""

from __future__ import annotations

import math

import pytest

from ogan_bench.runner.pace import Pace, left, seconds_of_training_left, steps_per_second


def test_a_trial_has_its_steps_left_at_its_own_speed() -> None:
    beat = {"stage": "train", "step": 300, "steps": 1000, "seconds": 30.0}
    assert steps_per_second(beat) == 10
    assert seconds_of_training_left(beat) == 70
    unknown = {"stage": "evaluate", "step": 1000, "steps": 1000}
    assert math.isnan(seconds_of_training_left(unknown))


def test_time_left_is_words_or_nothing() -> None:
    assert left(86_399.6) == "about 1 day, 0:00:00 left"
    assert left(math.nan) == ""


def test_a_run_has_the_open_steps_left_at_the_pace_so_far() -> None:
    now = [100.0]
    pace = Pace({"a": 100, "b": 100, "c": 100}, {"b": 80}, clock=lambda: now[0])
    assert math.isnan(pace.seconds_left)
    now[0] = 110.0
    pace.reach("a", 30)
    pace.reach("b", 90)
    assert pace.seconds_left == pytest.approx((70 + 10 + 100) * 10 / (30 + 10))
    pace.end("b")
    assert pace.seconds_left == pytest.approx((70 + 100) * 10 / (30 + 20))
    for trial in ("a", "c"):
        pace.end(trial)
    assert pace.seconds_left == 0

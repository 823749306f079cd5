"""Why a run stops, and the exit code that says so."""

from __future__ import annotations

import signal

import pytest

from ogan_bench.runner.stop_request import StopRequest


def test_before_trials_run_a_signal_ends_what_is_going_on() -> None:
    stop = StopRequest()
    with pytest.raises(KeyboardInterrupt):
        stop.receive(signal.SIGTERM)
    stop.defer()
    stop.receive(signal.SIGTERM)
    assert (stop.is_due, stop.kills, stop.exit_code) == (True, False, 75)
    assert stop.reason == "Stopped by SIGTERM"


def test_a_person_counts_more_than_a_scheduler() -> None:
    stop = StopRequest()
    stop.defer()
    stop.receive(signal.SIGHUP)
    stop.receive(signal.SIGINT)
    assert (stop.kills, stop.exit_code, stop.reason) == (False, 130, "Interrupted")
    stop.receive(signal.SIGINT)
    assert stop.kills


def test_hours_are_counted_from_the_start() -> None:
    now = 1000.0
    stop = StopRequest(max_hours=2, clock=lambda: now)
    now += 7199
    assert not stop.is_due
    now += 1
    assert stop.is_due
    assert (stop.exit_code, stop.reason) == (75, "Stopped after --max-hours 2")

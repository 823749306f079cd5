"""Mirrors in the background: none of them can disturb a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.mirrors.background import bring_up_to_date, following
from ogan_bench.mirrors.base import MirroredTrial
from tests.unit.mirrors.recorded_runs import Recorder, Run, finish, start, train


class Broken(Recorder):
    name = "broken"

    def begin(self, trial: MirroredTrial, known: str | None) -> Run:
        raise ConnectionError("no route to host\nand much more that nobody reads")


class Hanging(Recorder):
    name = "hanging"

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def begin(self, trial: MirroredTrial, known: str | None) -> Run:
        self.release.wait(20)
        return super().begin(trial, known)


def test_a_broken_mirror_says_so_in_one_line_and_the_others_go_on(tmp_path: Path) -> None:
    train(start(tmp_path), 10)
    said: list[str] = []
    mirror = Recorder()
    with following(tmp_path, "study", [Broken(), mirror], said.append):
        pass
    assert mirror.only.steps == [10]
    (line,) = said
    assert line.startswith("mirror broken: switched off, ConnectionError: no route to host; ")
    assert "`ogan-bench mirror study --to broken`" in line
    assert "\n" not in line
    with pytest.raises(UserError, match="mirror broken: ConnectionError: no route to host"):
        bring_up_to_date(tmp_path, "study", Broken())


def test_mirrors_keep_up_while_a_run_goes_on(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    said: list[str] = []
    with following(tmp_path, "study", [mirror], said.append, poll_seconds=0.01):
        train(folder, 10)
        wait_until(lambda: bool(mirror.runs) and mirror.only.steps == [10])
        train(folder, 20)
        finish(folder)
    assert mirror.only.steps == [10, 20]
    assert len(mirror.only.finals) == 1
    assert said == []


def test_the_end_of_a_run_does_not_wait_for_a_hanging_mirror(tmp_path: Path) -> None:
    train(start(tmp_path), 10)
    said: list[str] = []
    mirror = Hanging()
    with following(tmp_path, "study", [mirror], said.append, end_seconds=0.1):
        pass
    assert not mirror.release.is_set()
    (line,) = said
    assert "mirror hanging: not done" in line
    mirror.release.set()
    wait_until(lambda: bool(mirror.runs) and mirror.only.closed == 1)


def test_progress_is_stored_for_each_mirror(tmp_path: Path) -> None:
    train(start(tmp_path), 10)
    first, second = Recorder(), Recorder()
    second.name = "second"
    assert bring_up_to_date(tmp_path, "study", first) == 1
    assert bring_up_to_date(tmp_path, "study", second) == 1
    assert bring_up_to_date(tmp_path, "study", second) == 0
    assert first.only.steps == second.only.steps == [10]


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)

"""What is followed, what is handed to a mirror, and that no mirror can harm a run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ogan_bench.errors import UserError
from ogan_bench.mirrors import MIRRORS, background, open_mirrors
from ogan_bench.mirrors.background import bring_up_to_date, following
from ogan_bench.mirrors.base import Mirrored, Point
from ogan_bench.mirrors.follower import Follower
from ogan_bench.mirrors.reading import Tail
from ogan_bench.store.trial_store import TrialFolder, TrialStore

STARTED = "2026-01-02T03:04:05+00:00"


class Run:
    """Keeps what it is told."""

    def __init__(self, trial: Mirrored, name: str) -> None:
        self.trial = trial
        self.id = name
        self.points: list[Point] = []
        self.finals: list[tuple[Point, str]] = []
        self.closed = 0

    def log(self, points: list[Point]) -> None:
        self.points += points

    def finish(self, final: Point, outcome: str) -> None:
        self.finals.append((final, outcome))

    def close(self) -> None:
        self.closed += 1

    @property
    def steps(self) -> list[int]:
        return [point.step for point in self.points if any("train/" in key for key in point.values)]


class Recorder:
    """A mirror that keeps its runs, or forgets them when it is told to."""

    name = "recorder"
    address = "here"

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.begun = 0

    def begin(self, trial: Mirrored, known: str | None) -> Run:
        self.begun += 1
        if known in self.runs:
            return self.runs[str(known)]
        run = Run(trial, f"run-{self.begun}")
        self.runs[run.id] = run
        return run

    @property
    def only(self) -> Run:
        (run,) = self.runs.values()
        return run


class Broken(Recorder):
    name = "broken"

    def begin(self, trial: Mirrored, known: str | None) -> Run:
        raise ConnectionError("no route to host\nand much more that nobody reads")


class Hanging(Recorder):
    name = "hanging"

    def __init__(self) -> None:
        super().__init__()
        self.release = threading.Event()

    def begin(self, trial: Mirrored, known: str | None) -> Run:
        self.release.wait(20)
        return super().begin(trial, known)


def start(root: Path, arm: str = "pearson", seed: int = 0, begun: str = STARTED) -> TrialFolder:
    folder = TrialFolder(root / "study" / arm / f"seed-{seed}")
    folder.write(
        "run.json",
        {
            "format": 1,
            "study": "study",
            "arm": arm,
            "seed": seed,
            "config_hash": "0123456789abcdef",
            "config": {"seed": seed, "training": {"steps": 100, "optimizer": {"lr": 1e-4}}},
            "attempts": [{"started": begun}],
        },
    )
    return folder


def train(folder: TrialFolder, *steps: int) -> None:
    for step in steps:
        folder.log.append(
            {"step": step, "seconds": step / 10, "rho": step / 100, "encoder_loss": None}
        )


def evaluation(folder: TrialFolder, step: int, on: str = "test") -> None:
    metrics = {"fd_classifier": 1.5, "kid": None}
    folder.history.append(
        {"step": step, "images": step, "seconds": step / 10, "on": on, "metrics": metrics}
    )


def finish(folder: TrialFolder, value: float = 0.25, outcome: str = "ok", steps: int = 100) -> None:
    folder.write(
        "result.json",
        {
            "outcome": outcome,
            "metrics": [
                {"metric": "reconstruction_mse", "value": value},
                {"metric": "fid", "value": None},
            ],
            "training": {"steps": steps, "seconds": steps / 10},
        },
    )


def follow(root: Path, mirror: Recorder) -> Follower:
    return Follower(TrialStore(root), "study", mirror, root / "mirrors" / "study.recorder.json")


def look_once(root: Path, mirror: Recorder) -> int:
    """One look of a process of its own."""
    follower = follow(root, mirror)
    try:
        return follower.look()
    finally:
        follower.close()


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def test_a_tail_gives_every_line_once_and_waits_for_a_torn_one(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    tail = Tail(path)
    assert tail.read() == []
    append(path, b'{"step":1}\n{"step":2}\n{"st')
    assert tail.read() == [{"step": 1}, {"step": 2}]
    assert tail.read() == []
    append(path, b'ep":3}\n')
    assert tail.read() == [{"step": 3}]
    path.unlink()
    assert tail.read() == []
    append(path, b'{"step":9}\n')
    assert tail.read() == [{"step": 9}]


def test_a_tail_names_a_damaged_line(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    append(path, b'{"step":1}\nnonsense\n')
    with pytest.raises(ValueError, match="Expecting value"):
        Tail(path).read()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.text(max_size=4), st.integers(), max_size=3), max_size=12),
    st.lists(st.integers(1, 40), max_size=20),
)
def test_a_tail_read_at_any_moments_gives_what_a_whole_reading_gives(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, int]], cuts: list[int]
) -> None:
    path = tmp_path_factory.mktemp("tail") / "train.jsonl"
    content = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    tail, found = Tail(path), []
    for size in cuts:
        append(path, content[:size])
        content = content[size:]
        found += tail.read()
    append(path, content)
    found += tail.read()
    assert found == records


def test_a_journal_that_was_cut_back_is_read_from_its_start(tmp_path: Path) -> None:
    folder = start(tmp_path)
    tail = Tail(folder.log.path)
    train(folder, 10, 20, 30)
    assert [line["step"] for line in tail.read()] == [10, 20, 30]
    folder.log.cut(10)
    train(folder, 20, 30, 40)  # longer than it was: only the file's number tells
    assert [line["step"] for line in tail.read()] == [10, 20, 30, 40]


def test_growth_between_two_looks_is_handed_over_in_the_order_of_steps(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    follower = follow(tmp_path, mirror)
    train(folder, 10, 20)
    assert follower.look() == 1
    assert follower.look() == 0
    train(folder, 30, 40)
    evaluation(folder, 40, "held out")
    assert follower.look() == 1
    finish(folder)
    assert follower.look() == 1
    assert follower.look() == 0
    follower.close()

    run = mirror.only
    assert mirror.begun == 1
    assert run.closed == 0
    assert run.trial == Mirrored(
        id="study/pearson/seed-0",
        study="study",
        settings={"seed": 0, "training.steps": 100, "training.optimizer.lr": 1e-4},
        config_hash="0123456789abcdef",
        started=1767323045.0,
    )
    assert [point.step for point in run.points] == [10, 20, 30, 40, 40]
    assert run.points[0] == Point(10, 1.0, {"train/rho": 0.1})
    assert run.points[3] == Point(40, 4.0, {"held_out/fd_classifier": 1.5})
    assert run.finals == [(Point(100, 10.0, {"final/reconstruction_mse": 0.25}), "ok")]


def test_another_process_goes_on_where_one_stopped(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    train(folder, 10, 20)
    assert look_once(tmp_path, mirror) == 1
    assert mirror.only.closed == 1
    assert look_once(tmp_path, mirror) == 0
    train(folder, 30)
    finish(folder)
    assert look_once(tmp_path, mirror) == 1
    assert mirror.only.steps == [10, 20, 30]
    assert len(mirror.only.finals) == 1
    assert look_once(tmp_path, mirror) == 0


def test_steps_that_a_resumed_training_repeats_are_not_written_twice(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    follower = follow(tmp_path, mirror)
    train(folder, 10, 20, 30)
    evaluation(folder, 30)
    follower.look()
    folder.log.cut(10)
    folder.history.cut(10)
    train(folder, 20)
    assert follower.look() == 0
    train(folder, 30, 40)
    evaluation(folder, 30)
    assert follower.look() == 1
    follower.close()
    assert mirror.only.steps == [10, 20, 30, 40]
    assert len(mirror.only.points) == 5
    assert look_once(tmp_path, mirror) == 0


def test_a_trial_that_was_deleted_and_trained_anew_has_a_new_run(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    follower = follow(tmp_path, mirror)
    train(folder, 10, 20)
    follower.look()
    folder.log.path.unlink()
    start(tmp_path, begun="2026-02-02T00:00:00+00:00")
    train(folder, 10)
    follower.look()
    follower.close()
    first, second = mirror.runs.values()
    assert (first.steps, first.closed) == ([10, 20], 1)
    assert second.steps == [10]


def test_a_run_that_is_gone_is_written_again_from_the_start(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    train(folder, 10, 20)
    look_once(tmp_path, mirror)
    mirror.runs.clear()
    train(folder, 30)
    look_once(tmp_path, mirror)
    assert mirror.only.steps == [10, 20, 30]


def test_a_stopped_trial_goes_on_in_its_run(tmp_path: Path) -> None:
    """A budget leaves a result behind; it stays there while the training goes on."""
    folder, mirror = start(tmp_path), Recorder()
    follower = follow(tmp_path, mirror)
    train(folder, 10)
    finish(folder, outcome="stopped", steps=10)
    follower.look()
    train(folder, 20)
    follower.look()
    train(folder, 30)
    follower.look()
    finish(folder, 0.5)
    follower.look()
    follower.close()
    assert mirror.only.steps == [10, 20, 30]
    assert [outcome for _, outcome in mirror.only.finals] == ["stopped", "ok"]


def test_a_trial_that_is_measured_again_updates_its_result(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    finish(folder, 0.25)
    look_once(tmp_path, mirror)
    finish(folder, 0.25)
    assert look_once(tmp_path, mirror) == 0
    finish(folder, 0.5)
    assert look_once(tmp_path, mirror) == 1
    values = [final.values["final/reconstruction_mse"] for final, _ in mirror.only.finals]
    assert values == [0.25, 0.5]


def test_of_two_processes_one_writes_and_the_other_takes_over(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    train(folder, 10)
    first, second = follow(tmp_path, mirror), follow(tmp_path, mirror)
    assert (first.look(), second.look()) == (1, 0)
    train(folder, 20)
    assert (second.look(), first.look()) == (0, 1)
    first.close()
    train(folder, 30)
    assert second.look() == 1
    second.close()
    assert mirror.only.steps == [10, 20, 30]


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


def test_mirrors_keep_up_while_a_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.01)
    folder, mirror = start(tmp_path), Recorder()
    said: list[str] = []
    with following(tmp_path, "study", [mirror], said.append):
        train(folder, 10)
        wait_until(lambda: bool(mirror.runs) and mirror.only.steps == [10])
        train(folder, 20)
        finish(folder)
    assert mirror.only.steps == [10, 20]
    assert len(mirror.only.finals) == 1
    assert said == []


def test_the_end_of_a_run_does_not_wait_for_a_mirror_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "END_SECONDS", 0.1)
    train(start(tmp_path), 10)
    said: list[str] = []
    mirror = Hanging()
    with following(tmp_path, "study", [mirror], said.append):
        pass
    assert not mirror.release.is_set()
    (line,) = said
    assert "mirror hanging: not done" in line
    mirror.release.set()
    wait_until(lambda: bool(mirror.runs) and mirror.only.closed == 1)


def test_a_run_of_another_mirror_is_written_apart(tmp_path: Path) -> None:
    train(start(tmp_path), 10)
    first, second = Recorder(), Recorder()
    second.name = "second"
    assert bring_up_to_date(tmp_path, "study", first) == 1
    assert bring_up_to_date(tmp_path, "study", second) == 1
    assert bring_up_to_date(tmp_path, "study", second) == 0
    assert first.only.steps == second.only.steps == [10]


def test_what_was_written_is_remembered_of_every_address(tmp_path: Path) -> None:
    train(start(tmp_path), 10)
    first, second = Recorder(), Recorder()
    second.address = "there"
    assert [look_once(tmp_path, mirror) for mirror in (first, second, first, second)] == [
        1,
        1,
        0,
        0,
    ]
    assert first.only.steps == second.only.steps == [10]


def test_unknown_mirrors_and_missing_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=r"no mirror .tensorbord.\. Did you mean .tensorboard."):
        open_mirrors(["tensorbord"], tmp_path)

    def missing(place: Path) -> Any:
        raise ModuleNotFoundError("No module named 'mlflow'")

    monkeypatch.setitem(MIRRORS, "mlflow", missing)
    with pytest.raises(UserError, match=r"No module named 'mlflow'.*pip install 'ogan-bench\[log"):
        open_mirrors(["mlflow"], tmp_path)
    assert not list(tmp_path.iterdir())


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)

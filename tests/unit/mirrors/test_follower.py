"""What a follower reads of a trial, and what it passes to a mirror."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.mirrors.base import MirroredTrial, Point
from ogan_bench.mirrors.follower import Follower
from ogan_bench.store.pack import pack
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from tests.unit.mirrors.recorded_runs import Recorder, finish, start, train


def evaluation(folder: TrialFolder, step: int, on: str = "test") -> None:
    metrics = {"fd_classifier": 1.5, "kid": None}
    folder.history.append(
        {"step": step, "images": step, "seconds": step / 10, "on": on, "metrics": metrics}
    )


def follow(root: Path, mirror: Recorder) -> Follower:
    return Follower(TrialStore(root), "study", mirror, root / "mirrors" / "study.recorder.json")


def poll_once(root: Path, mirror: Recorder) -> int:
    """One poll by another process."""
    follower = follow(root, mirror)
    try:
        return follower.poll()
    finally:
        follower.close()


def test_what_was_added_between_two_polls_is_passed_on_in_the_order_of_steps(
    tmp_path: Path,
) -> None:
    folder, mirror = start(tmp_path), Recorder()
    follower = follow(tmp_path, mirror)
    train(folder, 10, 20)
    assert follower.poll() == 1
    assert follower.poll() == 0
    train(folder, 30, 40)
    evaluation(folder, 40, "held out")
    assert follower.poll() == 1
    finish(folder)
    assert follower.poll() == 1
    assert follower.poll() == 0
    follower.close()

    run = mirror.only
    assert mirror.begun == 1
    assert run.closed == 0
    assert run.trial == MirroredTrial(
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


def test_another_process_continues_where_one_stopped(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    train(folder, 10, 20)
    assert poll_once(tmp_path, mirror) == 1
    assert mirror.only.closed == 1
    assert poll_once(tmp_path, mirror) == 0
    train(folder, 30)
    finish(folder)
    assert poll_once(tmp_path, mirror) == 1
    assert mirror.only.steps == [10, 20, 30]
    assert len(mirror.only.finals) == 1
    assert poll_once(tmp_path, mirror) == 0


def test_steps_that_a_resumed_training_repeats_are_not_written_twice(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    follower = follow(tmp_path, mirror)
    train(folder, 10)
    seals = {name: journal.seal() for name, journal in folder.journals.items()}
    train(folder, 20, 30)
    evaluation(folder, 30)
    follower.poll()
    for name, journal in folder.journals.items():
        journal.cut(seals[name])
    train(folder, 20)
    assert follower.poll() == 0
    train(folder, 30, 40)
    evaluation(folder, 30)
    assert follower.poll() == 1
    follower.close()
    assert mirror.only.steps == [10, 20, 30, 40]
    assert len(mirror.only.points) == 5
    assert poll_once(tmp_path, mirror) == 0


def test_a_trial_that_was_deleted_and_trained_again_has_a_new_run(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    follower = follow(tmp_path, mirror)
    train(folder, 10, 20)
    follower.poll()
    folder.log.path.unlink()
    start(tmp_path, begun="2026-02-02T00:00:00+00:00")
    train(folder, 10)
    follower.poll()
    follower.close()
    first, second = mirror.runs.values()
    assert (first.steps, first.closed) == ([10, 20], 1)
    assert second.steps == [10]


def test_a_run_that_is_gone_is_written_again_from_the_start(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    train(folder, 10, 20)
    poll_once(tmp_path, mirror)
    mirror.runs.clear()
    train(folder, 30)
    poll_once(tmp_path, mirror)
    assert mirror.only.steps == [10, 20, 30]


def test_a_resumed_trial_continues_its_run(tmp_path: Path) -> None:
    """A budget leaves a result behind, which stays while the training continues."""
    folder, mirror = start(tmp_path), Recorder()
    follower = follow(tmp_path, mirror)
    train(folder, 10)
    finish(folder, outcome="stopped", steps=10)
    follower.poll()
    train(folder, 20)
    follower.poll()
    train(folder, 30)
    follower.poll()
    finish(folder, 0.5)
    follower.poll()
    follower.close()
    assert mirror.only.steps == [10, 20, 30]
    assert [outcome for _, outcome in mirror.only.finals] == ["stopped", "ok"]


def test_a_trial_that_is_measured_again_updates_its_result(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    finish(folder, 0.25)
    poll_once(tmp_path, mirror)
    finish(folder, 0.25)
    assert poll_once(tmp_path, mirror) == 0
    finish(folder, 0.5)
    assert poll_once(tmp_path, mirror) == 1
    values = [final.values["final/reconstruction_mse"] for final, _ in mirror.only.finals]
    assert values == [0.25, 0.5]


def test_of_two_processes_one_writes_and_the_other_takes_over(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    train(folder, 10)
    first, second = follow(tmp_path, mirror), follow(tmp_path, mirror)
    assert (first.poll(), second.poll()) == (1, 0)
    train(folder, 20)
    assert (second.poll(), first.poll()) == (0, 1)
    first.close()
    train(folder, 30)
    assert second.poll() == 1
    second.close()
    assert mirror.only.steps == [10, 20, 30]


def test_progress_is_stored_for_each_address(tmp_path: Path) -> None:
    train(start(tmp_path), 10)
    first, second = Recorder(), Recorder()
    second.address = "there"
    assert [poll_once(tmp_path, mirror) for mirror in (first, second, first, second)] == [
        1,
        1,
        0,
        0,
    ]
    assert first.only.steps == second.only.steps == [10]


def test_a_packed_study_is_handed_over_like_its_folder(tmp_path: Path) -> None:
    folder, whole, packed = start(tmp_path), Recorder(), Recorder()
    train(folder, 10, 20)
    evaluation(folder, 20)
    finish(folder)
    TrialStore(tmp_path).write_study("study", {"seeds": [0], "arms": {"arm": {}}})
    pack(tmp_path / "study", tmp_path / "packed" / "study")
    assert poll_once(tmp_path, whole) == 1
    follower = follow(tmp_path / "packed", packed)
    assert follower.poll() == 1
    assert follower.poll() == 0
    follower.close()
    assert poll_once(tmp_path / "packed", packed) == 0
    assert packed.only.points == whole.only.points
    assert packed.only.finals == whole.only.finals


def test_a_collapsed_trial_is_called_so_as_in_reports(tmp_path: Path) -> None:
    folder, mirror = start(tmp_path), Recorder()
    train(folder, 10)
    row = {"metric": "modes_kl_classifier", "value": 2.3}
    training = {"steps": 10, "seconds": 1.0}
    folder.write("result.json", {"outcome": "ok", "metrics": [row], "training": training})
    poll_once(tmp_path, mirror)
    assert [outcome for _, outcome in mirror.only.finals] == ["collapsed"]

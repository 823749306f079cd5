"""Trials as jobs, by submitit's local stand-in for Slurm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.runner import slurm
from ogan_bench.runner.executor import Place, WorkerDiedError
from ogan_bench.runner.slurm import SlurmExecutor
from tests.unit.runner.called import (
    Report,
    awaited,
    die,
    double,
    fail,
    stopped_at,
    wait_for_stop,
)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[SlurmExecutor]:
    with SlurmExecutor(tmp_path / "slurm", {}, "cpu", cluster="local", poll_seconds=0.1) as jobs:
        yield jobs


def test_results_come_back_and_a_dead_job_is_named(jobs: SlurmExecutor) -> None:
    futures = [jobs.submit(double, number) for number in (1, 2)]
    dead, failed = jobs.submit(die), jobs.submit(fail)
    assert [future.result(60) for future in futures] == [(2, "cpu"), (4, "cpu")]
    with pytest.raises(WorkerDiedError, match=r"job \d+ ended without a result .*its output is in"):
        dead.result(60)
    with pytest.raises(WorkerDiedError, match=r"ValueError: no such luck"):
        failed.result(60)


def test_a_stopped_run_lets_its_jobs_save(jobs: SlurmExecutor, tmp_path: Path) -> None:
    running = jobs.submit(wait_for_stop, tmp_path / "started")
    awaited(tmp_path / "started")
    jobs.interrupt()
    assert running.result(60) == Report("interrupted", 5)
    assert jobs.submit(double, 1).cancelled()


def test_a_job_that_its_time_limit_stopped_goes_on(jobs: SlurmExecutor, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert jobs.submit(stopped_at, log, (10, 20)).result(60) == Report("finished")
    assert len(log.read_text().splitlines()) == 3


def test_a_job_that_gets_nowhere_is_given_up(jobs: SlurmExecutor, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(WorkerDiedError, match=r"stopped 3 times .*timeout_min"):
        jobs.submit(stopped_at, log, (10, 10, 10, 10, 10, 10)).result(60)
    assert len(log.read_text().splitlines()) == 4  # one step forward, then three times none


def test_an_old_answer_of_slurm_says_nothing_of_new_jobs(jobs: SlurmExecutor) -> None:
    """Before, a job that was submitted again counted as gone at once."""
    jobs._queue = set()
    assert jobs.submit(double, 1).result(60) == (2, "cpu")
    assert jobs._queue is None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"slurm_partitoin": "gpu"}, "--job: .*slurm_partitoin"),
        ({"timeout_min": "long"}, "--job: .*timeout_min"),
    ],
)
def test_an_unknown_parameter_is_named(
    parameters: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        SlurmExecutor(tmp_path, parameters, "cpu", cluster="local")


def test_without_slurm_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UserError, match="no sbatch here"):
        Place("slurm").open(1, tmp_path)
    with pytest.raises(UserError, match="--job is for --executor slurm or ray"):
        Place("local", parameters={"timeout_min": 3}).open(1, tmp_path)


ANSWERS = """#!/bin/sh
case "$*" in
*--me*) echo "12_0"; echo "12_1" ;;
*) echo "$ANSWER" ;;
esac
"""


def test_slurm_is_asked_for_its_queue_and_how_a_job_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By programs in the place of Slurm's own."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert slurm._queue() is None or shutil.which("squeue")
    for name in ("squeue", "sacct"):
        (tmp_path / name).write_text(ANSWERS)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("ANSWER", "OUT_OF_MEMORY")
    assert slurm._queue() == {"12_0", "12_1"}
    assert slurm._state("12_3") == "OUT_OF_MEMORY"
    monkeypatch.setenv("ANSWER", "")
    assert slurm._state("12_3") == ""

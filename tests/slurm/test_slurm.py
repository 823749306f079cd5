"""A study on a real Slurm of one node, which `nox -s slurm` starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.long_runs import LONG, ended, metrics, record, start, wait_until_it_trains

pytestmark = pytest.mark.slurm


def slurm(*more: str) -> tuple[str, ...]:
    return ("--executor", "slurm", "--job", "timeout_min=10", *more)


def job_that_trains(out: Path) -> str:
    """The number of the job whose trial has made a step."""
    wait_until_it_trains(out)
    command = ["squeue", "--me", "--noheader", "--array", "--format=%i"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return found.stdout.split()[0]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The long trial, run without Slurm."""
    out = tmp_path_factory.mktemp("here")
    ended(start(out, *LONG))
    return out


def test_its_results_are_those_of_this_machine(tmp_path: Path) -> None:
    arms = ("--arms", "none,pearson")
    said = ended(start(tmp_path / "slurm", *slurm(*arms)))
    assert "2 of 2 trials to run on jobs of Slurm" in said
    ended(start(tmp_path / "here", *arms))
    for arm in ("none", "pearson"):
        assert metrics(tmp_path / "slurm", arm) == metrics(tmp_path / "here", arm)


def test_a_job_that_is_told_to_stop_goes_on_in_another(tmp_path: Path, here: Path) -> None:
    """As before its time limit."""
    run = start(tmp_path, *slurm(*LONG))
    job = job_that_trains(tmp_path)
    subprocess.run(["scancel", "--signal=USR2", "--full", job], check=True)
    ended(run)
    assert len(record(tmp_path, "pearson", "run.json")["attempts"]) == 2
    assert metrics(tmp_path, "pearson") == metrics(here, "pearson")


def test_a_killed_job_is_named_and_the_next_run_goes_on(tmp_path: Path, here: Path) -> None:
    """By the kernel, say; scancel lets a job save first."""
    run = start(tmp_path, *slurm(*LONG))
    job = job_that_trains(tmp_path)
    subprocess.run(["pkill", "-KILL", "-f", f"submitit.core._submit {tmp_path}"], check=True)
    assert f"job {job} ended without a result (Slurm says" in ended(run, 3)
    ended(start(tmp_path, *slurm(*LONG)))
    assert metrics(tmp_path, "pearson") == metrics(here, "pearson")

"""Which of several processes this is, and how many a trial asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.errors import UserError
from ogan_bench.runner.executor import Place
from ogan_bench.runner.launch import Launch, check_launch, launched
from tests.unit.runner.observed_trials import trial

OF_TORCHRUN = {
    "RANK": "3", "LOCAL_RANK": "1", "WORLD_SIZE": "4",
    "MASTER_ADDR": "node_1", "MASTER_PORT": "29500",
}  # fmt: skip
SMOKE = ("mse_vs_pearson", "--scale", "smoke", "--arms", "none,pearson", "--seeds", "0")


def test_torchrun_says_which_process_this_is() -> None:
    launch = launched(OF_TORCHRUN)
    assert launch == Launch(rank=3, local_rank=1, processes=4)
    assert not launch.is_first
    assert launched({**OF_TORCHRUN, "WORLD_SIZE": "1", "RANK": "0"}) is None
    for name in OF_TORCHRUN:  # a cluster may set some of them for purposes of its own
        assert launched({key: value for key, value in OF_TORCHRUN.items() if key != name}) is None


def test_a_trial_is_trained_by_as_many_processes_as_it_asks_for() -> None:
    one, two = trial(), trial("training.processes=2")
    check_launch([one, one], None)
    check_launch([two], Launch(0, 0, 2))
    start = "torchrun --nproc-per-node 2 -m ogan_bench run STUDY --only pearson/seed-0"
    with pytest.raises(UserError, match=rf"processes is 2, and 1 would train it: .*`{start}`"):
        check_launch([one, two], None)
    with pytest.raises(UserError, match="processes is 2, and 4 would train it"):
        check_launch([two], Launch(0, 0, 4))
    with pytest.raises(UserError, match=r"processes is 1, and 2 would .* by `ogan-bench run STUDY"):
        check_launch([one], Launch(0, 0, 2))
    with pytest.raises(UserError, match="torchrun trains one trial, and these are 2: choose one"):
        check_launch([two, two], Launch(0, 0, 2))


def test_each_process_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    third = Launch(2, 0, 4)  # the first of the second machine
    assert third.place(Place()).device == "cuda:0"
    assert Launch(3, 1, 4).place(Place()) == Place(device="cuda:1", workers=1)
    assert Launch(3, 3, 4).place(Place(device="cpu")).device == "cpu"
    for asked in (Place(), Place(device="cuda")):
        with pytest.raises(UserError, match="no GPU is left for process 2 of this machine"):
            Launch(2, 2, 4).place(asked)
    with pytest.raises(UserError, match="--executor slurm: torchrun already starts"):
        third.place(Place("slurm"))


@pytest.mark.parametrize("rank", ["0", "1"])
def test_nothing_is_written_where_the_number_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rank: str
) -> None:
    results, two = ("--results", str(tmp_path / "results")), ("--set", "training.processes=2")
    only = ("--only", "pearson/seed-0")
    with pytest.raises(UserError, match="processes is 2, and 1 would train it"):
        CliRunner().invoke(app, ["run", *SMOKE, *results, *two], catch_exceptions=False)
    for name, value in {**OF_TORCHRUN, "RANK": rank}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match="processes is 2, and 4 would train it"):
        CliRunner().invoke(app, ["run", *SMOKE, *results, *two, *only], catch_exceptions=False)
    assert not (tmp_path / "results").exists()


def test_a_task_of_several_processes_begins_with_torchrun() -> None:
    arguments = ["plan", *SMOKE, "--set", "training.processes=2", "--format", "tasks"]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    start = "torchrun --nproc-per-node 2 -m ogan_bench run mse_vs_pearson --results results "
    assert [line.startswith(start) for line in done.stdout.splitlines()] == [True, True]

"""Trials on a cluster of Ray: two nodes on this machine, a killed actor and a lost node."""

from __future__ import annotations

import functools
import importlib
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from pathlib import Path
from typing import Any

import pytest
import torch

from ogan_bench.errors import UserError
from ogan_bench.runner.executor import WorkerDiedError
from ogan_bench.runner.ray_cluster import RayExecutor
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.training import checkpoint
from tests.holders import holder_of
from tests.unit.runner.called import Report, awaited, die, double, fail, wait_for_stop
from tests.unit.runner.observed_trials import trial
from tests.warm_runs import WarmRun, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of Ray's own code
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    ray: Any = importlib.import_module("ray")  # its annotations are incomplete
    cluster_utils: Any = importlib.import_module("ray.cluster_utils")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_worker_niceness", "0")  # or tests beside it leave it nothing
        nodes = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
        yield nodes
        ray.shutdown()
        nodes.shutdown()


@pytest.fixture
def actors(cluster: Any) -> Iterator[RayExecutor]:
    with RayExecutor({"address": cluster.address}, "cpu", trials=2) as actors:
        yield actors


def test_results_come_back_and_a_killed_actor_harms_no_other(actors: RayExecutor) -> None:
    assert actors.where == "Ray, 2 at a time"
    dead = actors.submit(die)
    assert [actors.submit(double, number).result(180) for number in (1, 2)] == [
        (2, "cpu"),
        (4, "cpu"),
    ]
    with pytest.raises(WorkerDiedError, match="its process on the cluster is gone"):
        dead.result(180)
    with pytest.raises(WorkerDiedError, match="no such luck"):
        actors.submit(fail).result(180)


def test_a_stopped_run_lets_its_actors_save(actors: RayExecutor, tmp_path: Path) -> None:
    running = [actors.submit(wait_for_stop, tmp_path / name) for name in "ab"]
    waiting = actors.submit(double, 1)
    for name in "ab":
        awaited(tmp_path / name)
    actors.interrupt()
    assert [future.result(180) for future in running] == [Report("interrupted", 5)] * 2
    assert waiting.cancelled()


def test_a_trial_is_the_same_as_on_this_machine(actors: RayExecutor, tmp_path: Path) -> None:
    chosen = trial()
    report = actors.submit(run_trial, chosen, Options(tmp_path / "there")).result(180)
    assert report.status == "finished", report.message
    run_trial(chosen, Options(tmp_path / "here"), "cpu")
    found = [
        json.loads((TrialStore(tmp_path / name).trial(chosen).path / "result.json").read_text())
        for name in ("here", "there")
    ]
    assert found[0]["metrics"] == found[1]["metrics"]


def test_a_node_that_dies_takes_only_its_own_trials(cluster: Any, tmp_path: Path) -> None:
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    with RayExecutor({"address": cluster.address}, "cpu", trials=3) as actors:
        futures = [actors.submit(wait_for_stop, tmp_path / name) for name in "abc"]
        for name in "abc":
            awaited(tmp_path / name)
        cluster.remove_node(node, allow_graceful=False)
        (dead,), others = wait(futures, timeout=180, return_when=FIRST_COMPLETED)
        with pytest.raises(WorkerDiedError, match="its process on the cluster is gone"):
            dead.result()
        actors.interrupt()
        assert [future.result(180) for future in others] == [Report("interrupted", 5)] * 2


SMALL = ("model.width=4", "training.steps=400", "training.log_every=50", "evaluation.samples=70",
         "evaluation.probe_images=0")  # fmt: skip


def run(root: Path, *more: str) -> WarmRun:
    """A trial of digits, which saves after every step, by the command line."""
    words = ["run", "mse_vs_pearson", "--scale", "smoke", "--seeds", "0", "--only", TRIAL]
    for setting in SMALL:
        words += ["--set", setting]
    words += ["--results", str(root), "--device", "cpu", "--checkpoint-seconds", "0", *more]
    return WarmRun(*words, said=root.with_suffix(".txt"))


TRIAL = "pearson/seed-0"


def result(root: Path) -> dict[str, Any]:
    """What must not depend on where a trial was run, and how often it was stopped."""
    folder = root / "mse_vs_pearson-smoke" / TRIAL
    found = json.loads((folder / "result.json").read_text())
    log = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    return {
        "metrics": found["metrics"],
        "nets": (folder / "nets.safetensors").read_bytes(),
        "log": [{key: row[key] for key in row if "second" not in key} for row in log],
    }


def test_an_actor_that_is_killed_and_one_that_is_stopped_resume(
    cluster: Any, tmp_path: Path
) -> None:
    root, job = tmp_path / "there", ("--executor", "ray", "--job", f"address={cluster.address}")
    folder = root / "mse_vs_pearson-smoke" / TRIAL
    steps: list[int] = []
    for number, wanted, words in (
        (signal.SIGKILL, 3, "its process on the cluster is gone"),
        (signal.SIGTERM, 75, "a worker was told to; the same command goes on"),
    ):
        is_further = functools.partial(is_past, folder, steps[-1] if steps else 0)
        with run(root, *job) as running:
            wait_until(is_further, 180)
            os.kill(holder_of(folder / ".lock"), number)
            code, said = running.end()
        assert (code, "Traceback" in said) == (wanted, False), said
        assert words in said
        state = checkpoint.load(folder / "checkpoint.pt", torch.device("cpu"))
        assert state is not None
        steps.append(state["step"])
    assert steps[0] < steps[1] < 400
    for out, more in ((root, job), (tmp_path / "here", ())):
        code, said = run(out, *more).end()
        assert code == 0, said
    assert result(root) == result(tmp_path / "here")
    attempts = json.loads((folder / "run.json").read_text())["attempts"]
    assert [attempt["trains"] for attempt in attempts] == [True] * 3


def is_past(folder: Path, step: int) -> bool:
    """Whether a trial that is being trained has gone beyond a step."""
    beat = TrialFolder(folder).read_heartbeat()
    return beat is not None and beat["step"] > step


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"gpus": 1}, "--job gpus: Ray is asked for address, num_cpus"),
        ({"num_gpus": 1}, "no room for one actor of num_cpus=1, num_gpus=1"),
    ],
)
def test_what_cannot_be_had_is_named(
    parameters: dict[str, int], message: str, cluster: Any
) -> None:
    with pytest.raises(UserError, match=message):
        RayExecutor({"address": cluster.address, **parameters}, "cpu")

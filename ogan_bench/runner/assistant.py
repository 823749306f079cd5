"""What the processes of torchrun do that help the first one to train a trial."""

from __future__ import annotations

from concurrent.futures import CancelledError, Future, wait
from contextlib import suppress

import torch

from ogan_bench.errors import UserError
from ogan_bench.runner.executor import Executor, WorkerDiedError
from ogan_bench.runner.launch import Launch
from ogan_bench.runner.monitor import STOP
from ogan_bench.runner.preflight import preflight, training_data
from ogan_bench.runner.scheduler import POLL_SECONDS
from ogan_bench.runner.stop_request import StopRequest
from ogan_bench.study.plugins import check_unchanged
from ogan_bench.study.trial import Trial
from ogan_bench.training.assist import assist
from ogan_bench.training.team import joined


def assist_trial(trial: Trial, launch: Launch, device: str) -> None:
    """Help the first process with a trial, in a worker.

    Raises:
        UserError: Another process is gone, or has other data.
    """
    check_unchanged(trial.settings)
    place = torch.device(device)
    if place.type == "cpu":
        torch.set_num_threads(1)
    dataset, _ = training_data(trial, device)
    with STOP.running, joined(launch.rank, launch.processes, place) as team:
        assist(trial, dataset, place, team, STOP.is_set)


def supervise(trial: Trial, launch: Launch, executor: Executor, stop: StopRequest) -> str | None:
    """Have a worker help with a trial until that is over or the run is asked to stop.

    Returns:
        What went wrong, in one line; ``None`` if nothing did.
    """
    preflight([trial])
    stop.defer()
    future: Future[None] = executor.submit(assist_trial, trial, launch)
    is_stopping = is_killed = False
    while not future.done():
        wait([future], timeout=POLL_SECONDS)
        if stop.is_due and not is_stopping:
            is_stopping = True
            executor.interrupt()
        if stop.kills and not is_killed:
            is_killed = True
            executor.kill()
    with suppress(CancelledError):
        try:
            future.result()
        except (WorkerDiedError, UserError) as error:
            return f"process {launch.rank} of {trial.id}: {error}"
    return None

"""The training loop of the processes that help the first one with a trial.

They compute steps and nothing else: they see no results folder, log nothing and save nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import check_processes
from ogan_bench.training.setup import build_training
from ogan_bench.training.team import Team


def assist(
    trial: Trial,
    dataset: Dataset,
    device: torch.device,
    team: Team,
    should_stop: Callable[[], bool],
) -> None:
    """Take the steps of a training together with the first process, for as long as that goes on.

    Args:
        trial: The trial that the first process trains.
        dataset: Its data, on the training device unless they do not fit on the GPU.
        device: Where this process trains.
        team: The processes.
        should_stop: Whether this process was asked to stop; then the first one saves.

    Raises:
        TeamError: Another process is gone.
        UserError: This process has other data than the first.
    """
    check_processes(trial, team)
    setup = build_training(trial, dataset, device, team)
    state = team.state_of_first(device)
    if state is None:
        return
    if state["data_hash"] != dataset.hash:
        raise UserError(
            f"process {team.rank}: the data are not those of process 0 (SHA-256 {dataset.hash} "
            f"here, {state['data_hash']} there)"
        )
    trained = setup.trainables
    for name, net in trained.nets.named().items():
        net.load_state_dict(state["nets"][name])
        trained.optimizers[name].load_state_dict(state["optimizers"][name])
    step = state["step"]
    while team.is_another_step(should_stop()):
        setup.update(setup.draw(step))
        step += 1

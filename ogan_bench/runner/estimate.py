"""Estimates how long a trial takes: timed on a few steps, or from a measurement of the machine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ogan_bench.errors import UserError
from ogan_bench.runner.devices import slots
from ogan_bench.runner.machine_speed import MachineSpeed, StepTime, read_speed
from ogan_bench.runner.measure_speed import this_machine
from ogan_bench.runner.preflight import load_dataset
from ogan_bench.study.trial import Trial
from ogan_bench.training.cost import step_cost
from ogan_bench.training.loop import moving_averages, training_state
from ogan_bench.training.setup import build_training
from ogan_bench.training.team import rehearsal

WARM_UP = 3
MEASURED = 12


def seconds_per_step(trial: Trial, device: str) -> float:
    """Seconds per training step, averaged over a few steps after a warm-up; nothing is stored.

    If several processes take a step, what they exchange is left out.
    """
    place, team = _place(device), rehearsal(trial.settings.training.processes)
    setup = build_training(trial, load_dataset(trial, device), place, team)

    def run(steps: range) -> float:
        started = time.perf_counter()
        for step in steps:
            setup.update(setup.draw(step % trial.settings.training.steps))
        if place.type == "cuda":
            torch.cuda.synchronize(place)
        return time.perf_counter() - started

    run(range(WARM_UP))
    return run(range(WARM_UP, WARM_UP + MEASURED)) / MEASURED


def step_time(trial: Trial, device: str, speed: MachineSpeed) -> StepTime:
    """Time of a training step by its FLOPs in one process, which are counted on two steps.

    Args:
        trial: The trial.
        device: Where it would be trained.
        speed: What was measured of the machine.
    """
    dataset = load_dataset(trial, device)
    flops = step_cost(trial, dataset, _place(device)).step_flops
    flops //= trial.settings.training.processes
    return speed.step_time(trial.settings.model.name, dataset.shape.height, flops)


def measured_seconds(trials: Sequence[Trial], device: str, cache: Path) -> float | None:
    """Training time of trials one after another, by the stored measurement of this machine.

    Args:
        trials: The trials.
        device: Where they would be trained, as on the command line.
        cache: Folder of stored measurements.

    Returns:
        Seconds; ``None`` if the machine has not been measured, or the data are not there.
    """
    place = slots(device, 1, 1)[0]
    speed = read_speed(cache, this_machine(place))
    if speed is None:
        return None
    try:
        arms = {trial.arm: trial for trial in trials}
        steps = {arm: step_time(trial, place, speed).seconds for arm, trial in arms.items()}
    except UserError:
        return None
    return sum(trial.settings.training.steps * steps[trial.arm] for trial in trials)


@dataclass(frozen=True)
class Weights:
    """Bytes of weights and optimiser states that a trial writes.

    Args:
        kept: Once it is finished.
        meanwhile: How much more while it is trained.
    """

    kept: int
    meanwhile: int


def weights(trial: Trial) -> Weights:
    """Count the tensors that a trial stores, with nets built for it that are not trained."""
    dataset = load_dataset(trial, "cpu")
    trainables = build_training(trial, dataset, torch.device("cpu"), None).trainables
    for optimizer in trainables.optimizers.values():
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = torch.zeros_like(parameter)
        optimizer.step()  # an optimiser has no state before
    nets = trainables.nets
    state = _bytes(training_state(trainables, moving_averages(trial, nets)))
    measured = _bytes([nets.encoder.state_dict(), nets.generator.state_dict()])
    files = 1 if trial.settings.evaluation.choose_by is None else 2
    return Weights(kept=state + files * measured, meanwhile=state)


def _bytes(value: object) -> int:
    """Bytes of all tensors in nested dictionaries and lists."""
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_bytes, value.values()))
    return sum(map(_bytes, value)) if isinstance(value, list) else 0


def _place(device: str) -> torch.device:
    """The device, with as many threads as in a run."""
    place = torch.device(device)
    if place.type == "cpu":
        torch.set_num_threads(1)
    return place

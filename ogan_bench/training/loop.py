"""The training loop, shared by all objectives."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.models import spectral
from ogan_bench.objectives.forward_pass import Nets
from ogan_bench.store.journal import NOTHING, Seal
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.trial import Trial
from ogan_bench.training import checkpoint
from ogan_bench.training.ema import MovingAverage
from ogan_bench.training.running_means import RunningMeans
from ogan_bench.training.setup import build_training
from ogan_bench.training.team import Team
from ogan_bench.training.updates import Trainables


class DivergedError(Exception):
    """A loss is no longer finite."""


class InterruptedTrainingError(Exception):
    """Training was asked to stop and has saved its state."""


class Monitor(Protocol):
    """Receives progress and decides when to save or stop."""

    def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
        """Called after every step."""

    def should_stop(self) -> bool:
        """Whether to save the state and raise."""

    def should_save(self) -> bool:
        """Whether to save the state and continue."""

    def budget_used(self, seconds: float) -> bool:
        """Whether these seconds of training, over all attempts, use up the budget."""


Observe = Callable[[int, float, Nets], None]
"""Called with the number of steps, the seconds of training and the nets to evaluate."""


@dataclass(frozen=True)
class Trained:
    """The result of training.

    Args:
        nets: The nets to evaluate: as trained, moving averages, or with the chosen weights.
        steps: Number of steps taken: all of them, or as many as the budget allowed.
        seconds: Time spent in training steps, over all attempts.
        images_per_second: Real images per second of training.
        chosen_step: Step whose weights were chosen; ``None`` without ``choose_by``.
    """

    nets: Nets
    steps: int
    seconds: float
    images_per_second: float
    chosen_step: int | None = None

    @property
    def evaluated_step(self) -> int:
        """The step after which the nets had the weights that are evaluated."""
        return self.steps if self.chosen_step is None else self.chosen_step

    @classmethod
    def after(cls, trial: Trial, nets: Nets, steps: int, seconds: float) -> Trained:
        """The result after this many steps and seconds."""
        rate = steps * trial.settings.training.batch_size / max(seconds, 1e-9)
        return cls(nets, steps, seconds, rate)


def train(
    trial: Trial,
    dataset: Dataset,
    folder: TrialFolder,
    device: torch.device,
    monitor: Monitor,
    observe: Observe | None = None,
    team: Team | None = None,
) -> Trained:
    """Train a trial from scratch or its checkpoint to its last step, or until its budget is used.

    Training that is ended by its budget saves its state; resuming gives the same result as never
    having stopped.

    Args:
        trial: The trial to train.
        dataset: Its data, on the training device unless they do not fit on the GPU.
        folder: Where the checkpoint and the log are stored.
        device: Where to train.
        monitor: Called after every step.
        observe: Called with the nets every ``evaluation.every`` steps and after the last; it does
            not affect the training and is not timed.
        team: The processes that train it; this is the first of them. ``None``: this one alone.

    Raises:
        DivergedError: A loss is no longer finite.
        InterruptedTrainingError: The monitor asked to stop; the state is saved.
        UnreadableCheckpointError: Neither the checkpoint nor the one before can be used.
        UserError: The data are not those that the training began with, or the trial asks for
            another number of processes.
    """
    settings = trial.settings.training
    check_processes(trial, team)
    setup = build_training(trial, dataset, device, team)
    nets, optimizers = setup.trainables.nets, setup.trainables.optimizers
    averages = moving_averages(trial, nets)

    # Resume where an earlier attempt was interrupted
    window, step, seconds = RunningMeans(), 0, 0.0
    state = _state_to_resume(trial, dataset, folder, device)
    seals = dict.fromkeys(folder.journals, NOTHING)
    if state is not None:
        restore_weights(folder.checkpoint, state, nets, averages)
        for name, optimizer in optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        step, seconds = state["step"], state["seconds"]
        window = RunningMeans(state["sums"])
        seals = {name: Seal(*seal) for name, seal in state["journals"].items()}
    for file, journal in folder.journals.items():
        journal.cut(seals[file])

    def save(*, is_last: bool) -> None:
        checkpoint.save(
            folder.checkpoint,
            {
                "config_hash": trial.config_hash,
                "data_hash": dataset.hash,
                "step": step,
                "seconds": seconds,
                "sums": window.sums,
                "journals": {name: tuple(j.seal()) for name, j in folder.journals.items()},
                **training_state(setup.trainables, averages),
            },
            before=None if is_last else folder.checkpoint_before,
        )
        if is_last:
            folder.checkpoint_before.unlink(missing_ok=True)

    # Train
    record: dict[str, Any] = {}
    started, seconds_before = time.perf_counter(), seconds
    begun = {"step": step, "data_hash": dataset.hash, **training_state(setup.trainables, [])}
    with nullcontext() if team is None else team.leading(begun):
        while step < settings.steps and not monitor.budget_used(seconds):
            is_asked = team is not None and team.another_step()
            batches = setup.draw(step)
            report = setup.update(batches)
            window.add(report)
            step += 1
            for average, net in zip(averages, nets.named().values(), strict=False):
                average.update(net, step)
            logs = step % settings.log_every == 0 or step == settings.steps
            if logs:
                means = window.close()
            seconds = seconds_before + time.perf_counter() - started
            if logs:
                rate = step * settings.batch_size / seconds
                record = {"step": step, "seconds": seconds, "images_per_second": rate, **means}
                folder.log.append(record)
                _check_finite(means, step)
            if observe is not None and is_observed(trial, step):
                paused = time.perf_counter()
                observe(step, seconds, evaluated(nets, averages))
                started += time.perf_counter() - paused
            monitor.progress("train", step, record)
            ends = step == settings.steps or monitor.budget_used(seconds)
            if (monitor.should_stop() or is_asked) and not ends:
                save(is_last=False)
                raise InterruptedTrainingError
            if monitor.should_save() or ends:
                save(is_last=step == settings.steps)
    return Trained.after(trial, evaluated(nets, averages), step, seconds)


def check_processes(trial: Trial, team: Team | None) -> None:
    """Refuse to train a trial with another number of processes than its settings say.

    Raises:
        UserError: Gives both numbers.
    """
    wanted, found = trial.settings.training.processes, 1 if team is None else team.size
    if wanted != found:
        raise UserError(f"{trial.id}: training.processes is {wanted}, and {found} would train it")


def _state_to_resume(
    trial: Trial, dataset: Dataset, folder: TrialFolder, device: torch.device
) -> checkpoint.State | None:
    """The last state that can be trained on; ``None`` before the first.

    Raises:
        UnreadableCheckpointError: Neither the checkpoint nor the one before can be used.
        UserError: The data are not those that the training began with.
    """
    try:
        state = _resumable(load_checkpoint(trial, folder, device), folder)
    except checkpoint.UnreadableCheckpointError as error:
        before = load_checkpoint(trial, folder, device, folder.checkpoint_before)
        state = _resumable(before, folder)
        if state is None:
            raise
        folder.write_error(
            f"The checkpoint could not be used; training went on from the one before, "
            f"of step {state['step']}.\n{error}\n"
        )
    if state is not None and state["data_hash"] != dataset.hash:
        raise UserError(
            f"{folder.path}: the data have changed since this training began (SHA-256 "
            f"{state['data_hash']} then, {dataset.hash} now); put them back, or delete the folder "
            "to train the trial again"
        )
    return state


def _resumable(state: checkpoint.State | None, folder: TrialFolder) -> checkpoint.State | None:
    """The state, if the logs up to it are what they were and its steps are those of today.

    Raises:
        UnreadableCheckpointError: They are not.
    """
    if state is None:
        return None
    if not {"sums", "journals", "data_hash"} <= state.keys():
        raise checkpoint.UnreadableCheckpointError(
            f"{folder.checkpoint}: of an earlier version, whose steps rounded otherwise"
        )
    for name, journal in folder.journals.items():
        try:
            journal.check(Seal(*state["journals"][name]))
        except ValueError as error:
            raise checkpoint.UnreadableCheckpointError(str(error)) from None
    return state


def load_checkpoint(
    trial: Trial, folder: TrialFolder, device: torch.device, path: Path | None = None
) -> checkpoint.State | None:
    """Training state of a trial, or ``None`` if there is none.

    Args:
        trial: The trial.
        folder: Its folder.
        device: Device for the weights.
        path: The file; ``None``: the folder's checkpoint.

    Raises:
        UnreadableCheckpointError: It cannot be read, or belongs to another configuration.
    """
    path = folder.checkpoint if path is None else path
    state = checkpoint.load(path, device)
    if state is not None and state.get("config_hash") != trial.config_hash:
        raise checkpoint.UnreadableCheckpointError(f"{path}: of another configuration")
    return state


def moving_averages(trial: Trial, nets: Nets) -> list[MovingAverage]:
    """Moving averages of all nets, in the order of :meth:`Nets.named`; none without ``ema``."""
    settings = trial.settings.training
    if settings.ema is None:
        return []
    return [
        MovingAverage(net, settings.ema, debias=settings.ema_debias)
        for net in nets.named().values()
    ]


def restore_weights(
    path: Path, state: checkpoint.State, nets: Nets, averages: Sequence[MovingAverage] = ()
) -> None:
    """Load the weights of a checkpoint, and their moving averages.

    Args:
        path: Where the state was read from, for messages.
        state: The checkpoint.
        nets: Get its weights.
        averages: Get its averages; none where it has none.

    Raises:
        UnreadableCheckpointError: It does not hold the weights of these nets.
    """
    try:
        for name, net in nets.named().items():
            net.load_state_dict(state["nets"][name])
        for average, saved in zip(averages, state.get("averages", ()), strict=True):
            average.average.load_state_dict(saved)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError):
        raise checkpoint.UnreadableCheckpointError(
            f"{path}: not the weights of these nets"
        ) from None


def is_observed(trial: Trial, step: int) -> bool:
    """Whether the nets are evaluated after a step."""
    every, last = trial.settings.evaluation.every, trial.settings.training.steps
    return every is not None and (step % every == 0 or step == last)


def evaluated(nets: Nets, averages: list[MovingAverage]) -> Nets:
    """The nets to evaluate: copies with the averaged weights if these are kept."""
    if not averages:
        return nets
    named = dict(zip(nets.named(), averages, strict=True))
    copies = {name: copy.deepcopy(average.average) for name, average in named.items()}
    for net in copies.values():
        spectral.settle(net)  # an average of unit vectors is not a unit vector
    return Nets(**copies)  # type: ignore[arg-type]


def _check_finite(means: dict[str, float], step: int) -> None:
    bad = [name for name, value in means.items() if not torch.tensor(value).isfinite()]
    if bad:
        raise DivergedError(f"{', '.join(bad)} not finite at step {step}")


def training_state(trained: Trainables, averages: list[MovingAverage]) -> checkpoint.State:
    """Everything that training changes; it makes up all but a few bytes of a checkpoint."""
    return {
        "nets": {name: net.state_dict() for name, net in trained.nets.named().items()},
        "optimizers": {name: o.state_dict() for name, o in trained.optimizers.items()},
        "averages": [average.average.state_dict() for average in averages],
    }

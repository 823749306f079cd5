"""The training loop: one for all objectives."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.batches import Batches
from ogan_bench.models import spectral
from ogan_bench.models.base import Architecture
from ogan_bench.models.initialisation import initialise
from ogan_bench.objectives.base import Batch, Nets, Objective
from ogan_bench.seeding import generator
from ogan_bench.store.trial_store import TrialFolder
from ogan_bench.study import catalogue
from ogan_bench.study.parts import Component, build
from ogan_bench.study.trial import Trial
from ogan_bench.training import checkpoint
from ogan_bench.training.ema import MovingAverage
from ogan_bench.training.updates import StepReport, Trainables


class DivergedError(Exception):
    """A loss is no longer a number."""


class InterruptedTrainingError(Exception):
    """The training was asked to stop and has saved its state."""


class Monitor(Protocol):
    """Whom the loop tells how far it is, and who tells it to stop."""

    def progress(self, stage: str, step: int, record: dict[str, Any]) -> None:
        """Called after every step."""

    def should_stop(self) -> bool:
        """Whether the loop shall save its state and raise."""

    def should_save(self) -> bool:
        """Whether the loop shall save its state and go on."""

    def budget_used(self, seconds: float) -> bool:
        """Whether these seconds of training, over all attempts, are all that there are."""


Observe = Callable[[int, float, Nets], None]
"""Told the number of steps, the seconds of training and the nets as they are to be evaluated."""


@dataclass(frozen=True)
class Trained:
    """What a training leaves behind.

    Args:
        nets: The nets, or their moving averages.
        steps: How far it came: to its last step, or as far as its budget went.
        seconds: Time spent in training steps, over all attempts.
        images_per_second: Real images per second of training.
        chosen_step: Step whose weights were chosen; ``None``: weights are not chosen.
    """

    nets: Nets
    steps: int
    seconds: float
    images_per_second: float
    chosen_step: int | None = None

    @classmethod
    def after(cls, trial: Trial, nets: Nets, steps: int, seconds: float) -> Trained:
        """A training of so many steps and seconds."""
        rate = steps * trial.settings.training.batch_size / max(seconds, 1e-9)
        return cls(nets, steps, seconds, rate)


class RunningMeans:
    """Means over the steps since the last log line; kept on the device until then.

    A term that is not there in every step (a net may rest) is averaged over the steps that have it.
    """

    def __init__(self, sums: dict[str, Tensor] | None = None) -> None:
        self.sums = sums or {}

    def add(self, report: StepReport) -> None:
        """Add the batch means of one step."""
        terms = {
            f"{net}_{name}": term
            for net, losses in report.losses.items()
            for name, term in losses.items()
        } | dict(report.diagnostics)
        if not terms:
            return
        means = torch.stack(list(terms.values())).mean(dim=1)
        for name, mean in zip(terms, means, strict=True):
            seen = torch.stack([mean, torch.ones_like(mean)])
            self.sums[name] = self.sums[name] + seen if name in self.sums else seen

    def close(self) -> dict[str, float]:
        """Means over the window, which is emptied; the only time the host waits for the device."""
        values = torch.stack(list(self.sums.values())).tolist() if self.sums else []
        means = {name: v[0] / v[1] for name, v in zip(self.sums, values, strict=True)}
        self.sums = {}
        nets = ("encoder", "generator", "critic")
        losses = {
            f"{net}_loss": sum(v for name, v in means.items() if name.startswith(f"{net}_"))
            for net in nets
            if any(name.startswith(f"{net}_") for name in means)
        }
        return {**losses, **means}


def build_objective(trial: Trial) -> Objective:
    """The objective of a trial."""
    objective: Objective = build("objectives", trial.settings.objective)
    return objective


def build_architecture(trial: Trial, dataset: Dataset) -> Architecture:
    """The architecture of a trial for the images of its dataset."""
    architecture: Architecture = build(
        "models", trial.settings.model, dataset.shape, len(dataset.classes)
    )
    return architecture


def build_nets(trial: Trial, dataset: Dataset) -> Nets:
    """The nets as they are before the first step; the same in every arm of equal architecture."""
    nets = build_objective(trial).build(build_architecture(trial, dataset))
    for name, net in nets.named().items():
        initialise(net, generator(trial.seed, name))
    return nets


@dataclass(frozen=True)
class TrainingSetup:
    """A training that is set up: the nets with their optimisers, and what a step does to them.

    Args:
        players: Nets and optimisers; the nets are in training mode.
        advance: Number of a step, from 0, to what it computed. Its batches depend on the training
            seed and this number alone.
    """

    players: Trainables
    advance: Callable[[int], StepReport]


def build_training(trial: Trial, dataset: Dataset, device: torch.device) -> TrainingSetup:
    """The training of a trial before its first step.

    Args:
        trial: What to train.
        dataset: On the training device, or where it was if a GPU has no room for it.
        device: Where to train.
    """
    settings = trial.settings.training
    objective, nets = build_objective(trial), build_nets(trial, dataset)
    named = nets.named()
    for net in named.values():
        net.to(device).train()
    chosen: dict[str, Component] = dict.fromkeys(named, settings.optimizer)
    chosen["generator"] = settings.generator_optimizer or settings.optimizer
    players = Trainables(
        nets,
        {
            name: build(
                "optimizers", chosen[name], [p for p in net.parameters() if p.requires_grad]
            )
            for name, net in named.items()
        },
    )
    update, augment = (
        partial(catalogue.function(kind, component.name), **component.parameters())
        for kind, component in (
            ("updates", settings.updates),
            ("augmentations", settings.augmentation),
        )
    )
    batches = Batches(dataset.train, settings.batch_size, trial.seed, settings.images, device)
    z_shape = (settings.batch_size, build_architecture(trial, dataset).z_dim)

    def advance(step: int) -> StepReport:
        def draw(images: int, prior: int) -> Batch:
            x, labels = batches[images]
            z = torch.randn(z_shape, generator=generator(trial.seed, "z", prior))
            return Batch(
                x=x,
                z=objective.prior(z).to(device),
                labels=labels,
                z_labels=batches.random_labels(prior),
                progress=step / settings.steps,
                random=lambda name: generator(trial.seed, f"noise/{name}", prior),
                augment=augment,
            )

        report: StepReport = update(objective, players, draw, step)
        return report

    return TrainingSetup(players, advance)


def train(
    trial: Trial,
    dataset: Dataset,
    folder: TrialFolder,
    device: torch.device,
    monitor: Monitor,
    observe: Observe | None = None,
) -> Trained:
    """Train a trial from its start or from its checkpoint to its last step, or as far as it may.

    A training that ends by its budget has saved its state: it can go on from there, and is then the
    same as one that was never stopped.

    Args:
        trial: What to train.
        dataset: On the training device, or where it was if a GPU has no room for it.
        folder: Where the checkpoint and the log lie.
        device: Where to train.
        monitor: Hears of every step.
        observe: Sees the nets every ``evaluation.every`` steps and after the last; what it does
            takes no part in the training and is not timed.

    Raises:
        DivergedError: A loss is no longer a number.
        InterruptedTrainingError: The monitor asked to stop; the state is saved.
        UnreadableCheckpointError: The checkpoint cannot be used.
    """
    settings = trial.settings.training
    course = build_training(trial, dataset, device)
    players = course.players
    named = players.nets.named()
    averages = moving_averages(trial, players.nets)

    # Pick up where an earlier attempt was cut off
    window, step, seconds = RunningMeans(), 0, 0.0
    state = load_checkpoint(trial, folder, device)
    if state is not None:
        restore_weights(state, players.nets, averages)
        for name, optimizer in players.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        step, seconds = state["step"], state["seconds"]
        window = RunningMeans(state["window"])
    for journal in (folder.log, folder.history):
        journal.cut(step)

    def save() -> None:
        checkpoint.save(
            folder.checkpoint,
            {
                "config_hash": trial.config_hash,
                "step": step,
                "seconds": seconds,
                "window": window.sums,
                **_state(players, averages),
            },
        )

    # Train
    record: dict[str, Any] = {}
    started, seconds_before = time.perf_counter(), seconds
    while step < settings.steps and not monitor.budget_used(seconds):
        window.add(course.advance(step))
        step += 1
        for average, net in zip(averages, named.values(), strict=False):
            average.update(net)
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
            observe(step, seconds, evaluated(players.nets, averages))
            started += time.perf_counter() - paused
        monitor.progress("train", step, record)
        ends = step == settings.steps or monitor.budget_used(seconds)
        if monitor.should_stop() and not ends:
            save()
            raise InterruptedTrainingError
        if monitor.should_save() or ends:
            save()
    return Trained.after(trial, evaluated(players.nets, averages), step, seconds)


def load_checkpoint(
    trial: Trial, folder: TrialFolder, device: torch.device
) -> checkpoint.State | None:
    """State of the training of a trial, or ``None`` if there is none.

    Raises:
        UnreadableCheckpointError: It cannot be read, or is of another configuration.
    """
    state = checkpoint.load(folder.checkpoint, device)
    if state is not None and state["config_hash"] != trial.config_hash:
        raise checkpoint.UnreadableCheckpointError(f"{folder.checkpoint}: of another configuration")
    return state


def moving_averages(trial: Trial, nets: Nets) -> list[MovingAverage]:
    """Moving averages of all nets, in the order of :meth:`Nets.named`; none without ``ema``."""
    decay = trial.settings.training.ema
    return [MovingAverage(net, decay) for net in nets.named().values() if decay]


def restore_weights(state: checkpoint.State, nets: Nets, averages: list[MovingAverage]) -> None:
    """Load the weights of a checkpoint, and their moving averages."""
    for name, net in nets.named().items():
        net.load_state_dict(state["nets"][name])
    for average, saved in zip(averages, state["averages"], strict=True):
        average.average.load_state_dict(saved)


def is_observed(trial: Trial, step: int) -> bool:
    """Whether the nets are evaluated after a step."""
    every, last = trial.settings.evaluation.every, trial.settings.training.steps
    return every is not None and (step % every == 0 or step == last)


def evaluated(nets: Nets, averages: list[MovingAverage]) -> Nets:
    """The nets that are evaluated: copies with the averaged weights, where these are kept."""
    if not averages:
        return nets
    named = dict(zip(nets.named(), averages, strict=True))
    copies = {name: copy.deepcopy(average.average) for name, average in named.items()}
    for net in copies.values():
        spectral.settle(net)  # an average of unit vectors is not one
    return Nets(**copies)  # type: ignore[arg-type]


def _check_finite(means: dict[str, float], step: int) -> None:
    bad = [name for name, value in means.items() if not torch.tensor(value).isfinite()]
    if bad:
        raise DivergedError(f"{', '.join(bad)} not finite at step {step}")


def _state(players: Trainables, averages: list[MovingAverage]) -> checkpoint.State:
    return {
        "nets": {name: net.state_dict() for name, net in players.nets.named().items()},
        "optimizers": {name: o.state_dict() for name, o in players.optimizers.items()},
        "averages": [average.average.state_dict() for average in averages],
    }

"""The training loop: one for all objectives."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.batches import Batches
from ogan_bench.models import ARCHITECTURES
from ogan_bench.models.initialisation import initialise
from ogan_bench.objectives.composed import compose
from ogan_bench.seeding import generator
from ogan_bench.store import TrialFolder
from ogan_bench.study import Trial
from ogan_bench.training import checkpoint
from ogan_bench.training.ema import MovingAverage
from ogan_bench.training.optimizers import OPTIMIZERS
from ogan_bench.training.updates import UPDATES, Players, Report


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


@dataclass(frozen=True)
class Trained:
    """What a training leaves behind.

    Args:
        encoder: E, or its moving average.
        generator: G, or its moving average.
        seconds: Time spent in training steps, over all attempts.
        images_per_second: Real images per second of training.
    """

    encoder: nn.Module
    generator: nn.Module
    seconds: float
    images_per_second: float


class Window:
    """Means over the steps since the last log line; kept on the device until then."""

    def __init__(self, count: int = 0, sums: Tensor | None = None) -> None:
        self.count = count
        self.sums = sums
        self._names: list[str] = []

    def add(self, report: Report) -> None:
        """Add the batch means of one step."""
        terms = {
            **{f"encoder_{name}": term for name, term in report.encoder_loss.items()},
            **{f"generator_{name}": term for name, term in report.generator_loss.items()},
            **report.diagnostics,
        }
        means = torch.stack(list(terms.values())).mean(dim=1)
        self.sums = means if self.sums is None else self.sums + means
        self.count += 1
        self._names = list(terms)

    def close(self) -> dict[str, float]:
        """Means over the window, which is emptied; the only time the host waits for the device."""
        values = [] if self.sums is None else (self.sums / self.count).tolist()
        self.count, self.sums = 0, None
        means = dict(zip(self._names, values, strict=True))
        losses = {
            f"{net}_loss": sum(v for name, v in means.items() if name.startswith(f"{net}_"))
            for net in ("encoder", "generator")
        }
        return {**losses, **means}


def build_nets(trial: Trial, dataset: Dataset) -> tuple[nn.Module, nn.Module]:
    """E and G as they are before the first step; the same in every arm of equal architecture."""
    model = trial.settings.model
    encoder, generator_ = ARCHITECTURES[model.name](dataset.shape, **model.parameters())
    initialise(encoder, generator(trial.seed, "encoder"))
    initialise(generator_, generator(trial.seed, "generator"))
    return encoder, generator_


def train(
    trial: Trial, dataset: Dataset, folder: TrialFolder, device: torch.device, monitor: Monitor
) -> Trained:
    """Train a trial from its start or from its checkpoint to its last step.

    Args:
        trial: What to train.
        dataset: On the training device.
        folder: Where the checkpoint and the log lie.
        device: Where to train.
        monitor: Hears of every step.

    Raises:
        DivergedError: A loss is no longer a number.
        InterruptedTrainingError: The monitor asked to stop; the state is saved.
        UnreadableCheckpointError: The checkpoint cannot be used.
    """
    settings = trial.settings.training

    # Nets, optimisers and objective
    encoder, generator_ = (net.to(device) for net in build_nets(trial, dataset))
    make_optimizer = partial(OPTIMIZERS[settings.optimizer.name], **settings.optimizer.parameters())
    players = Players(
        encoder,
        generator_,
        make_optimizer(encoder.parameters()),
        make_optimizer(generator_.parameters()),
    )
    averages = [MovingAverage(net, settings.ema) for net in (encoder, generator_) if settings.ema]
    objective = compose(trial.settings.objective)
    update = partial(UPDATES[settings.updates.name], **settings.updates.parameters())

    # Batches of images and of z, each from its number alone
    images = Batches(dataset.train.images, settings.batch_size, trial.seed).__getitem__
    z_shape = (settings.batch_size, trial.settings.model.parameters()["z_dim"])

    def prior(batch: int) -> Tensor:
        return torch.randn(z_shape, generator=generator(trial.seed, "z", batch)).to(device)

    # Pick up where an earlier attempt was cut off
    window, step, seconds = Window(), 0, 0.0
    state = checkpoint.load(folder.checkpoint, device)
    if state is not None:
        if state["config_hash"] != trial.config_hash:
            raise checkpoint.UnreadableCheckpointError(
                f"{folder.checkpoint}: of another configuration"
            )
        _restore(state, players, averages)
        step, seconds = state["step"], state["seconds"]
        window = Window(state["window_count"], state["window"])
    folder.cut_log(step)

    def save() -> None:
        checkpoint.save(
            folder.checkpoint,
            {
                "config_hash": trial.config_hash,
                "step": step,
                "seconds": seconds,
                "window": window.sums,
                "window_count": window.count,
                **_state(players, averages),
            },
        )

    # Train
    encoder.train()
    generator_.train()
    record: dict[str, Any] = {}
    started, seconds_before = time.perf_counter(), seconds
    while step < settings.steps:
        window.add(update(objective, players, images, prior, step))
        step += 1
        for average, net in zip(averages, (encoder, generator_), strict=False):
            average.update(net)
        logs = step % settings.log_every == 0 or step == settings.steps
        if logs:
            means = window.close()
        seconds = seconds_before + time.perf_counter() - started
        if logs:
            rate = step * settings.batch_size / seconds
            record = {"step": step, "seconds": seconds, "images_per_second": rate, **means}
            folder.append_log(record)
            _check_finite(means, step)
        monitor.progress("train", step, record)
        if monitor.should_stop() and step < settings.steps:
            save()
            raise InterruptedTrainingError
        if monitor.should_save() or step == settings.steps:
            save()
    nets = [average.average for average in averages] or [encoder, generator_]
    rate = settings.steps * settings.batch_size / max(seconds, 1e-9)
    return Trained(nets[0], nets[1], seconds, rate)


def _check_finite(means: dict[str, float], step: int) -> None:
    bad = [name for name, value in means.items() if not torch.tensor(value).isfinite()]
    if bad:
        raise DivergedError(f"{', '.join(bad)} not finite at step {step}")


def _state(players: Players, averages: list[MovingAverage]) -> checkpoint.State:
    return {
        "encoder": players.encoder.state_dict(),
        "generator": players.generator.state_dict(),
        "encoder_optimizer": players.encoder_optimizer.state_dict(),
        "generator_optimizer": players.generator_optimizer.state_dict(),
        "averages": [average.average.state_dict() for average in averages],
    }


def _restore(state: checkpoint.State, players: Players, averages: list[MovingAverage]) -> None:
    players.encoder.load_state_dict(state["encoder"])
    players.generator.load_state_dict(state["generator"])
    players.encoder_optimizer.load_state_dict(state["encoder_optimizer"])
    players.generator_optimizer.load_state_dict(state["generator_optimizer"])
    for average, saved in zip(averages, state["averages"], strict=True):
        average.average.load_state_dict(saved)

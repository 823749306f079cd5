"""What a trial trains, before its first step: nets, optimisers, and the two halves of a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from ogan_bench.data import Dataset, ImageShape
from ogan_bench.data.batches import Batches, Prefetched, upload
from ogan_bench.models import spectral
from ogan_bench.models.base import Architecture
from ogan_bench.models.initialisation import initialise
from ogan_bench.models.layout import channels_last, reorder
from ogan_bench.objectives.base import Objective, draw_noise
from ogan_bench.objectives.forward_pass import Batch, Nets
from ogan_bench.seeding import generator
from ogan_bench.study.parts import Component, build
from ogan_bench.study.settings import Settings
from ogan_bench.study.trial import Trial
from ogan_bench.training.augmentations import Augmentation, DrawnAugmentation
from ogan_bench.training.capture import CapturedUpdate
from ogan_bench.training.precision import in_precision
from ogan_bench.training.rate_schedule import rate_schedule, with_scheduled_rates
from ogan_bench.training.rates import build_optimizer, check_rates
from ogan_bench.training.split import in_team
from ogan_bench.training.team import Team
from ogan_bench.training.updates import Trainables, Update, UpdateRule


def build_objective(trial: Trial) -> Objective:
    """The objective of a trial."""
    objective: Objective = build("objectives", trial.settings.objective)
    return objective


def build_architecture(trial: Trial, dataset: Dataset) -> Architecture:
    """The architecture of a trial for the images of its dataset."""
    return architecture_for(trial.settings, dataset.shape, len(dataset.classes))


def architecture_for(settings: Settings, shape: ImageShape, classes: int) -> Architecture:
    """The architecture that settings choose for images of a shape, of so many classes."""
    architecture: Architecture = build("models", settings.model, shape, classes)
    return architecture


def build_layers(trial: Trial, dataset: Dataset) -> Nets:
    """All layers of the nets, with weights not yet initialised."""
    return layers_of(build_objective(trial), build_architecture(trial, dataset))


def layers_of(objective: Objective, architecture: Architecture) -> Nets:
    """The layers that an objective needs, with weights not yet initialised."""
    nets = objective.build(architecture)
    if architecture.spectral_norm:  # of whatever the objective has added, too
        spectral.normalised(nets.encoder)
        if nets.critic is not None:
            spectral.normalised(nets.critic)
    return nets


def build_nets(trial: Trial, dataset: Dataset) -> Nets:
    """The nets before the first step; identical in all arms with the same architecture."""
    nets = build_layers(trial, dataset)
    for name, net in nets.named().items():
        initialise(net, generator(trial.seed, name))
        reorder(net)
    return nets


@dataclass(frozen=True)
class TrainingSetup:
    """Everything a training step needs: nets with their optimisers, and the two halves of a step.

    Args:
        trainables: Nets and optimisers; the nets are in training mode.
        draw: The host half: maps the index of a step, from 0, to its batches. They depend only on
            the training seed and this index. All data loading, random number generation and copies
            to the device happen here.
        update: The device half: updates the nets, given these batches. It draws no random numbers,
            reads no data and never waits for a tensor's value; its only inputs from the host are
            ``progress`` and ``step`` of its :class:`~ogan_bench.objectives.forward_pass.Batch`. On
            a GPU it is captured as a graph, unless several processes take the step.
    """

    trainables: Trainables
    draw: Callable[[int], Sequence[Batch]]
    update: Update


def build_training(
    trial: Trial, dataset: Dataset, device: torch.device, team: Team | None = None
) -> TrainingSetup:
    """Set up the training of a trial, before its first step.

    Args:
        trial: The trial to train.
        dataset: Its data, on the training device unless they do not fit on the GPU.
        device: Where to train.
        team: The processes that take each step together; ``None``: this one alone. All of them draw
            the whole batch.

    Raises:
        UserError: A learning rate is of parameters that the nets do not have, or follows gradients.
    """
    settings = trial.settings.training
    objective, nets = build_objective(trial), build_nets(trial, dataset)
    check_rates(settings.rates, nets)
    named = nets.named()
    for net in named.values():
        net.to(device).train()
    chosen: dict[str, Component] = dict.fromkeys(named, settings.optimizer)
    chosen["generator"] = settings.generator_optimizer or settings.optimizer
    trainables = Trainables(
        nets,
        {name: build_optimizer(chosen[name], net, settings.rates) for name, net in named.items()},
    )
    rule: UpdateRule = build("updates", settings.updates)
    augmentation: Augmentation = build("augmentations", settings.augmentation)
    batches = Batches(dataset.train, settings.batch_size, trial.seed, settings.images, device)
    n, d = settings.batch_size, build_architecture(trial, dataset).z_dim

    def draw_batch(images: int, prior: int, step: int) -> Batch:
        def random(name: str) -> torch.Generator:
            return generator(trial.seed, f"noise/{name}", prior)

        def augment(shape: torch.Size, name: str) -> DrawnAugmentation:
            drawn = [upload(tensor, device) for tensor in augmentation.draw(shape, random(name))]
            return DrawnAugmentation(augmentation.apply, drawn)

        x, labels = batches[images]
        z = torch.randn((n, d), generator=generator(trial.seed, "z", prior))
        noise = draw_noise(objective, x.shape, d, random)
        return Batch(
            x=channels_last(x) if x.ndim == 4 else x,
            z=upload(objective.prior(z), device),
            labels=labels,
            z_labels=batches.random_labels(prior),
            progress=step / settings.steps,
            noise={name: upload(tensor, device) for name, tensor in noise.items()},
            augment_real=augment(x.shape, "augment real"),
            augment_fake=augment(x.shape, "augment fake"),
            step=step,
        )

    def draw(step: int) -> list[Batch]:
        return [draw_batch(images, prior, step) for images, prior in rule.batches(step)]

    update: Update = partial(rule.update, objective, trainables)
    if team is not None:
        update = in_team(update, nets, team)
    factor = rate_schedule(settings)
    if factor is not None:
        update = with_scheduled_rates(update, trainables.optimizers.values(), factor)
    update = in_precision(update, settings.precision, device)
    captured = settings.capture == "auto" and device.type == "cuda" and team is None
    return TrainingSetup(
        trainables,
        Prefetched(draw).__getitem__ if draws_ahead(device) else draw,
        CapturedUpdate(update) if captured else update,
    )


def draws_ahead(device: torch.device) -> bool:
    """Whether a thread draws the next step while the device is busy with this one.

    On the CPU, which has one thread per trial, there would be nothing to gain.
    """
    return device.type == "cuda"

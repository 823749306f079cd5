"""Evaluations in the course of a training, and the weights that did best in them."""

from __future__ import annotations

import copy
from typing import Any

import torch

from ogan_bench.data import Dataset
from ogan_bench.evaluation.evaluate import Facts, evaluate
from ogan_bench.evaluation.rows import Row
from ogan_bench.objectives.base import Nets
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.store.trial_store import TrialFolder
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training import checkpoint
from ogan_bench.training.loop import Trained, build_architecture, build_nets, build_objective


def measure(
    trial: Trial,
    nets: Nets,
    dataset: Dataset,
    device: torch.device,
    *,
    settings: Evaluation | None = None,
    **more: Any,
) -> tuple[list[Row], Facts]:
    """All metrics of a trial's nets.

    Args:
        trial: What was trained.
        nets: With the weights to be measured.
        dataset: What they were trained on.
        device: Where to compute.
        settings: What to measure; ``None``: what the trial asks for.
        **more: As of :func:`~ogan_bench.evaluation.evaluate.evaluate`.
    """
    return evaluate(
        pair(trial, nets, dataset),
        build_nets(trial, dataset).encoder.to(device),
        dataset,
        settings or trial.settings.evaluation,
        device=device,
        **more,
    )


def pair(trial: Trial, nets: Nets, dataset: Dataset) -> Autoencoder:
    """The nets in the form in which they are evaluated."""
    z_dim = build_architecture(trial, dataset).z_dim
    return Autoencoder(build_objective(trial), nets.encoder, nets.generator, z_dim)


def chosen_nets(
    trial: Trial, trained: Trained, folder: TrialFolder, device: torch.device
) -> tuple[Nets, Facts]:
    """The nets that the result is about, and what is to be said of them.

    Args:
        trial: What was trained.
        trained: The nets as they were after the last step.
        folder: Of the trial.
        device: Where the weights go.

    Raises:
        UnreadableCheckpointError: The file of the chosen weights cannot be used.
    """
    nets = trained.nets
    if trial.settings.evaluation.choose_by is None:
        return nets, {}
    state = checkpoint.load(folder.chosen, device)
    if state is None:
        return nets, {"chosen_step": trained.steps}
    E, G = copy.deepcopy(nets.encoder), copy.deepcopy(nets.generator)
    E.load_state_dict(state["nets"]["encoder"])
    G.load_state_dict(state["nets"]["generator"])
    return Nets(E, G), {"chosen_step": state["step"]}

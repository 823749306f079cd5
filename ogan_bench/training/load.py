"""Loads the trained nets of a trial, with the weights that its settings select."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.objectives.forward_pass import Nets
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.trial import Trial
from ogan_bench.training import checkpoint
from ogan_bench.training.loop import (
    Trained,
    evaluated,
    load_checkpoint,
    moving_averages,
    restore_weights,
)
from ogan_bench.training.setup import build_nets


def load_trained(
    trial: Trial, dataset: Dataset, folder: TrialFolder, device: torch.device
) -> Trained:
    """The nets that a trial's result describes; nothing is trained.

    Args:
        trial: A trial with a result.
        dataset: Provides the shape and the classes of the images.
        folder: The trial's folder.
        device: Device for the nets.

    Raises:
        UnreadableCheckpointError: The checkpoint cannot be used.
        UserError: The trial has no result or no checkpoint, or its training diverged.
    """
    result = folder.read("result.json")
    if result is None:
        raise UserError(f"{folder.path}: not trained to the end; run the study first")
    if result["outcome"] == "diverged":
        raise UserError(f"{folder.path}: the training diverged, so there are no trained nets")
    state = load_checkpoint(trial, folder, device)
    if state is None:
        raise UserError(
            f"{folder.path}: no checkpoint.pt, so the nets are gone; delete the folder to train "
            "the trial again"
        )
    nets = build_nets(trial, dataset)
    for net in nets.named().values():
        net.to(device)
    averages = moving_averages(trial, nets)
    restore_weights(folder.checkpoint, state, nets, averages)
    trained = Trained.after(trial, evaluated(nets, averages), state["step"], state["seconds"])
    return with_chosen_weights(trial, trained, folder, device)


def with_chosen_weights(
    trial: Trial, trained: Trained, folder: TrialFolder, device: torch.device
) -> Trained:
    """The training with the weights selected by ``choose_by``; unchanged without that setting.

    Args:
        trial: The trial that was trained.
        trained: The nets after the last step.
        folder: The trial's folder.
        device: Device for the weights.

    Raises:
        UserError: The file of the chosen weights cannot be used.
    """
    if trial.settings.evaluation.choose_by is None:
        return trained
    nets = Nets(copy.deepcopy(trained.nets.encoder), copy.deepcopy(trained.nets.generator))
    try:
        state = checkpoint.load(folder.chosen, device)
        if state is None:  # the metric had no value in any evaluation
            return replace(trained, chosen_step=trained.steps)
        if state.get("config_hash", trial.config_hash) != trial.config_hash:
            raise checkpoint.UnreadableCheckpointError(f"{folder.chosen}: of another configuration")
        restore_weights(folder.chosen, state, nets)
    except checkpoint.UnreadableCheckpointError as error:
        raise UserError(
            f"{error}; put back a copy, or delete the folder to train the trial again"
        ) from None
    return replace(trained, nets=nets, chosen_step=state["step"])

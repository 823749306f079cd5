"""Loads the trained encoder and generator from the folder of a finished trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from ogan_bench.data import Dataset
from ogan_bench.errors import UserError
from ogan_bench.runner.measure import pair
from ogan_bench.runner.preflight import training_data
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.samples import freeze_for_evaluation
from ogan_bench.store.stored_trials import stored_trial
from ogan_bench.store.trial_store import find_stored
from ogan_bench.study.trial import Trial
from ogan_bench.training.checkpoint import UnreadableCheckpointError
from ogan_bench.training.load import load_trained as load


def load_trained(
    folder: Path | str, *, device: str = "cpu", plugins: Sequence[Path | str] = ()
) -> Autoencoder:
    """Load the encoder and generator that a trial's result describes.

    These are the weights that were evaluated: moving averages with ``training.ema``, the best ones
    with ``evaluation.choose_by``, otherwise those after the last step. Both nets are in evaluation
    mode, with the batch-norm statistics of the evaluation, and their parameters require no
    gradient. The dataset is loaded: it has the shape of the images, and statistics are estimated
    on it.

    Args:
        folder: A trial's folder, such as ``results/mse_vs_pearson/pearson/seed-120``.
        device: Device for the nets, for example ``cuda:0``.
        plugins: Files of the plug-ins that the trial needs; their code runs.

    Returns:
        ``encoder``, ``generator``, ``z_dim`` and ``objective``; ``encode`` gives the codes
        ``(n, z_dim)`` of images ``(n, c, h, w)`` in [-1, 1], of generated ones with
        ``of="generated"``, and ``decode`` the images of codes.

    Raises:
        UserError: Not the folder of a finished trial, its weights are missing or damaged, or a
            plug-in that it needs is not named or has changed.
    """
    return load_evaluated(
        Path(folder), device=device, plugins=[Path(plugin) for plugin in plugins]
    ).autoencoder


@dataclass(frozen=True)
class EvaluatedPair:
    """A pair from a checkpoint, with the batch-norm statistics of its evaluation.

    Args:
        autoencoder: E and G in evaluation mode.
        trial: The trial that was trained.
        dataset: What it was trained on.
        step: The step after which the nets had these weights.
    """

    autoencoder: Autoencoder
    trial: Trial
    dataset: Dataset
    step: int


def load_evaluated(
    path: Path, *, device: str = "cpu", plugins: Sequence[Path] = ()
) -> EvaluatedPair:
    """The pair of :func:`load_trained`, with where it comes from; the same errors."""
    store, study, folders = find_stored(path)
    if [found.path.resolve() for found in folders] != [path.resolve()]:
        raise UserError(
            f"{path}: give the folder of one trial, like {store.root}/{study}/ARM/seed-0"
        )
    trial = stored_trial(store.read_study(study), folders[0], plugins=plugins)
    dataset, _ = training_data(trial, "cpu")
    try:
        trained = load(trial, dataset, folders[0], torch.device(device))
    except UnreadableCheckpointError as error:
        raise UserError(str(error)) from None
    evaluation = trial.settings.evaluation
    nets = pair(trial, trained.nets, dataset)
    frozen = freeze_for_evaluation(nets, dataset, evaluation, torch.device(device))
    return EvaluatedPair(frozen, trial, dataset, trained.evaluated_step)

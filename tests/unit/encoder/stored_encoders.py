"""Folders with the nets of trials that were not trained: loading does not ask how good they are."""

from __future__ import annotations

from pathlib import Path

import torch

from ogan_bench.data import Dataset
from ogan_bench.runner.measure import pair
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.samples import freeze_for_evaluation
from ogan_bench.sampling.stored_pair import write_pair
from ogan_bench.study.settings import Evaluation, Settings
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_nets

CPU = torch.device("cpu")


def evaluated_as(trial: Trial, **evaluation: object) -> Trial:
    """The trial with these settings of its evaluation."""
    settings = Settings.model_validate(
        trial.settings.model_copy(
            update={"evaluation": Evaluation.model_validate(evaluation)}
        ).model_dump()
    )
    return Trial(trial.study, trial.arm, trial.seed, settings)


def store(folder: Path, trial: Trial, dataset: Dataset) -> Autoencoder:
    """Write the pair of a trial before its first step, and return it as it would be evaluated."""
    before = pair(trial, build_nets(trial, dataset), dataset)
    frozen = freeze_for_evaluation(before, dataset, trial.settings.evaluation, CPU)
    write_pair(folder, frozen, trial, dataset, 0)
    return frozen

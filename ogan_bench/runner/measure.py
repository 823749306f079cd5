"""Evaluates the nets of a trial."""

from __future__ import annotations

from typing import Any

import torch

from ogan_bench.data import Dataset
from ogan_bench.evaluation.evaluate import Facts, evaluate
from ogan_bench.evaluation.rows import Row
from ogan_bench.objectives.base import Nets
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import build_architecture, build_nets, build_objective


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
        trial: The trial that was trained.
        nets: Nets with the weights to evaluate.
        dataset: The data they were trained on.
        device: Where to compute.
        settings: What to measure; ``None``: the trial's own settings.
        **more: Passed on to :func:`~ogan_bench.evaluation.evaluate.evaluate`.
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
    """The nets wrapped as an autoencoder for evaluation."""
    z_dim = build_architecture(trial, dataset).z_dim
    return Autoencoder(build_objective(trial), nets.encoder, nets.generator, z_dim)

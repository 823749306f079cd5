"""Evaluates the nets of a trial."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.evaluation.evaluate import Facts, evaluate
from ogan_bench.evaluation.rows import Row
from ogan_bench.objectives.forward_pass import Nets
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_architecture, build_nets, build_objective


class Evaluator:
    """Evaluates the nets of one trial, while they are trained and at the end.

    What does not depend on the training is computed once. The samples and features of the last
    step are kept, since the result is usually measured on the same weights.

    Args:
        trial: The trial that is trained.
        device: Where to compute.
        classifiers: Folder of the classifiers that belong to the results; ``None``: there is none.
        measuring: As for :func:`~ogan_bench.evaluation.evaluate.evaluate`.
    """

    def __init__(
        self,
        trial: Trial,
        device: torch.device,
        classifiers: Path | None = None,
        measuring: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._trial = trial
        self._device = device
        self._classifiers = classifiers
        self._measuring = measuring
        self._untrained: UntrainedEncoder | None = None
        self._last: tuple[list[Tensor], ModelContext] | None = None
        self.evaluated: Autoencoder | None = None
        """The pair that was measured last, with the batch-norm statistics that it had."""

    def __call__(
        self,
        nets: Nets,
        dataset: Dataset,
        settings: Evaluation | None = None,
        *,
        folder: Path | None = None,
        progress: float = 1.0,
        reference: Split | None = None,
        step_picture: Path | None = None,
    ) -> tuple[list[Row], Facts]:
        """All metrics of the nets, as by :func:`~ogan_bench.evaluation.evaluate.evaluate`.

        Args:
            nets: Nets with the weights to evaluate.
            dataset: The data they were trained on.
            settings: What to measure; ``None``: the trial's own settings.
            folder: Where to write pictures; ``None``: nowhere.
            progress: Fraction of training completed.
            reference: Real images to compare generated ones with; ``None``: the training images.
            step_picture: Where to write a small picture of samples; ``None``: nowhere.
        """
        settings = settings or self._trial.settings.evaluation
        context = self._kept(nets, dataset, settings, folder, progress, reference)
        if context is None:
            if self._untrained is None:
                before = build_nets(self._trial, dataset).encoder
                self._untrained = UntrainedEncoder(before.to(self._device))
            context = ModelContext(
                pair(self._trial, nets, dataset), self._untrained, dataset, settings,
                self._device, folder, progress, reference, self._classifiers,
            )  # fmt: skip
            if progress == 1 and reference is None:
                self._last = ([tensor.clone() for tensor in _weights(nets)], context)
        self.evaluated = context.trained
        return evaluate(context, step_picture, self._measuring)

    def _kept(
        self,
        nets: Nets,
        dataset: Dataset,
        settings: Evaluation,
        folder: Path | None,
        progress: float,
        reference: Split | None,
    ) -> ModelContext | None:
        """The last context, if it is of these weights and settings."""
        if self._last is None or progress != 1 or reference is not None:
            return None
        weights, context = self._last
        no_groups: dict[str, list[str]] = {"groups": []}
        same = (
            context.dataset is dataset
            and context.settings.model_copy(update=no_groups)
            == settings.model_copy(update=no_groups)
            and all(map(torch.equal, weights, _weights(nets)))
        )
        return context.measured_again(settings, folder) if same else None


def measure(
    trial: Trial,
    nets: Nets,
    dataset: Dataset,
    device: torch.device,
    settings: Evaluation,
    classifiers: Path | None = None,
) -> tuple[list[Row], Facts]:
    """All metrics of a trial's nets, measured once.

    Args:
        trial: The trial that was trained.
        nets: Nets with the weights to evaluate.
        dataset: The data they were trained on.
        device: Where to compute.
        settings: What to measure.
        classifiers: Folder of the classifiers that belong to the results; ``None``: there is none.
    """
    return Evaluator(trial, device, classifiers)(nets, dataset, settings)


def pair(trial: Trial, nets: Nets, dataset: Dataset) -> Autoencoder:
    """The nets wrapped as an autoencoder for evaluation."""
    z_dim = build_architecture(trial, dataset).z_dim
    return Autoencoder(build_objective(trial), nets.encoder, nets.generator, z_dim)


def _weights(nets: Nets) -> list[Tensor]:
    """All that decides the outputs of E and G."""
    return [*nets.encoder.state_dict().values(), *nets.generator.state_dict().values()]

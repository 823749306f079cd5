"""Evaluations in the course of a training, and the weights that did best in them."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.evaluation.evaluate import Facts, evaluate
from ogan_bench.evaluation.rows import Row
from ogan_bench.files import Record
from ogan_bench.metrics import METRICS
from ogan_bench.objectives.base import Nets
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.store.trial_store import TrialFolder
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training import checkpoint
from ogan_bench.training.loop import Trained, build_nets, build_objective

IN_THE_COURSE = ("mechanism",)
"""Groups that are measured in the course of a training too, for they are about its course."""


class Observer:
    """Evaluates the nets whenever the loop shows them, and writes ``history.jsonl``.

    Samples of every evaluation, all of one z, are drawn into ``steps/``. Where weights are to be
    chosen, those of the best evaluation so far lie in ``chosen.pt``. These files are written before
    the line, so that a kill between them costs nothing: the resumed training comes by the same step
    again.

    Args:
        trial: What is trained.
        dataset: What it is trained on.
        held_out: Images to judge by; ``None``: the test images, and the training images as the
            reference of samples.
        folder: Of the trial.
        device: Where to compute.
    """

    def __init__(
        self,
        trial: Trial,
        dataset: Dataset,
        held_out: Split | None,
        folder: TrialFolder,
        device: torch.device,
    ) -> None:
        self._trial = trial
        self._dataset = dataset if held_out is None else replace(dataset, test=held_out)
        self._reference = held_out
        self._folder = folder
        self._device = device
        wanted = trial.settings.evaluation
        groups = [group for group in wanted.groups if group in IN_THE_COURSE]
        self._settings = wanted.model_copy(update={"groups": groups})

    def __call__(self, step: int, seconds: float, nets: Nets) -> None:
        training = self._trial.settings.training
        rows, _ = measure(
            self._trial,
            nets,
            self._dataset,
            self._device,
            settings=self._settings,
            progress=step / training.steps,
            reference=self._reference,
            step_picture=self._folder.step_picture(step),
        )
        record = {
            "step": step,
            "images": step * training.batch_size,
            "seconds": seconds,
            "on": "test" if self._reference is None else "held out",
            "metrics": {row.metric: row.value for row in rows},
        }
        metric = self._settings.choose_by
        if metric is not None and best([*self._folder.history.read(), record], metric) is record:
            state = {"encoder": nets.encoder.state_dict(), "generator": nets.generator.state_dict()}
            checkpoint.save(self._folder.chosen, {"step": step, "nets": state})
        self._folder.history.append(record)


def best(history: list[Record], metric: str) -> Record | None:
    """The evaluation with the best value of a metric, the latest of equal ones, if any has one.

    Args:
        history: Lines of ``history.jsonl``.
        metric: One with a better direction.
    """
    sign = 1 if METRICS[metric].better == "higher" else -1
    found, value = None, -math.inf
    for record in history:
        measured = record["metrics"].get(metric)
        if measured is not None and sign * measured >= value:
            found, value = record, sign * measured
    return found


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
        pair(trial, nets),
        build_nets(trial, dataset).encoder.to(device),
        dataset,
        settings or trial.settings.evaluation,
        device=device,
        **more,
    )


def pair(trial: Trial, nets: Nets) -> Autoencoder:
    """The nets as what is evaluated."""
    z_dim = trial.settings.model.parameters()["z_dim"]
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

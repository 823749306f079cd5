"""Evaluations during training."""

from __future__ import annotations

import math
from dataclasses import replace

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.files import Record
from ogan_bench.metrics import METRICS
from ogan_bench.objectives.forward_pass import Nets
from ogan_bench.runner.measure import Evaluator
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.trial import Trial
from ogan_bench.training import checkpoint

IN_THE_COURSE = ("mechanism",)
"""Groups that are also measured during training, because they describe how it develops."""


class TrainingObserver:
    """Evaluates the nets whenever the training loop calls it, and writes ``history.jsonl``.

    Samples of every evaluation, all from the same z, are saved in ``steps/``. With ``choose_by``,
    the weights of the best evaluation so far are saved in ``chosen.pt``. These files are written
    before the line in the history, so nothing is lost if the process is killed in between: the
    resumed training reaches the same step again.

    Args:
        trial: The trial being trained.
        dataset: The data it is trained on.
        held_out: Images to evaluate on; ``None``: the test images, with the training images as the
            reference for samples.
        folder: The trial's folder.
        evaluator: Evaluates the nets.
    """

    def __init__(
        self,
        trial: Trial,
        dataset: Dataset,
        held_out: Split | None,
        folder: TrialFolder,
        evaluator: Evaluator,
    ) -> None:
        self._trial = trial
        self._dataset = dataset if held_out is None else replace(dataset, test=held_out)
        self._reference = held_out
        self._folder = folder
        self._evaluate = evaluator
        wanted = trial.settings.evaluation
        groups = [group for group in wanted.groups if group in IN_THE_COURSE]
        self._settings = wanted.model_copy(update={"groups": groups})

    def __call__(self, step: int, seconds: float, nets: Nets) -> None:
        training = self._trial.settings.training
        rows, _ = self._evaluate(
            nets,
            self._dataset,
            self._settings,
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
            checkpoint.save(
                self._folder.chosen,
                {"config_hash": self._trial.config_hash, "step": step, "nets": state},
            )
        self._folder.history.append(record)


def best(history: list[Record], metric: str) -> Record | None:
    """The evaluation with the best value of a metric, the latest if tied; ``None`` without values.

    Args:
        history: Lines of ``history.jsonl``.
        metric: A metric with a direction.
    """
    sign = 1 if METRICS[metric].better == "higher" else -1
    found, value = None, -math.inf
    for record in history:
        measured = record["metrics"].get(metric)
        if measured is not None and sign * measured >= value:
            found, value = record, sign * measured
    return found

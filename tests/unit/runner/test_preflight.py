"""What a trial is trained on, as its evaluation is told."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.runner.preflight import training_data
from ogan_bench.training.setup import build_training
from tests.unit.runner.observed_trials import trial


def distinct(images: Tensor) -> Tensor:
    found: Tensor = torch.unique(images.flatten(1), dim=0)
    return found


def test_the_images_named_are_those_of_the_batches() -> None:
    few = trial("training.images=20", "evaluation.held_out=100")
    dataset, held_out = training_data(few, "cpu")
    assert held_out is not None
    assert dataset.trained_on is not None
    setup = build_training(few, dataset, torch.device("cpu"))
    seen = torch.cat([batch.x for step in range(4) for batch in setup.draw(step)])
    assert torch.equal(distinct(seen), distinct(to_float(dataset.trained.images)))
    assert len(dataset.trained) == 20


def test_all_images_need_not_be_named() -> None:
    for override in ("training.images=null", "training.images=5000"):
        assert training_data(trial(override), "cpu")[0].trained_on is None

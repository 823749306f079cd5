"""Shared by tests of the runner: classifiers that take a second to train."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.features import ensemble
from ogan_bench.features.classifier import Classifier, dataset_classifier


@pytest.fixture(autouse=True, scope="module")
def _briefly_trained_classifiers() -> Iterator[None]:
    """Four epochs, where no classifiers are shipped: how good they are is not tested here.

    The number of images is part of the key in the cache, so no other test gets these.
    """

    def train(dataset: Dataset, device: torch.device, seed: int, min_images: int) -> Classifier:
        return dataset_classifier(dataset, device, seed, min_images=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble, "dataset_classifier", train)
        yield

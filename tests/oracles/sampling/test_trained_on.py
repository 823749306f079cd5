"""With a part of the training images, what is said of training images is said of those."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ogan_bench.data import Dataset
from tests.oracles.sampling.drawing import Pair, draw, settings


@pytest.fixture
def part(dataset: Dataset) -> Dataset:
    """Every third image was trained on."""
    return replace(dataset, trained_on=torch.arange(0, len(dataset.train), 3))


def test_only_images_trained_on_are_encoded(nets: Pair, part: Dataset) -> None:
    assert part.trained_on is not None
    samples = draw(nets, part, settings())
    assert len(samples.train_indices) == min(100, len(part.trained_on))
    assert bool(torch.isin(samples.train_indices, part.trained_on).all())
    assert len(samples.trained.train) == len(samples.untrained.train) == len(samples.train_indices)


def test_statistics_of_real_images_are_those_of_images_trained_on(
    nets: Pair, part: Dataset
) -> None:
    alone = replace(part, train=part.trained, trained_on=None)
    found, expected = (draw(nets, data, settings("real")) for data in (part, alone))
    assert torch.equal(found.trained.test, expected.trained.test)
    assert torch.equal(found.untrained.test, expected.untrained.test)
    whole = draw(nets, replace(part, trained_on=None), settings("real"))
    assert not torch.equal(found.trained.test, whole.trained.test)


def test_the_reference_stays_the_training_split(part: Dataset, dataset: Dataset) -> None:
    assert part.hash == dataset.hash
    assert len(part.train) == len(dataset.train)
    assert dataset.trained is dataset.train

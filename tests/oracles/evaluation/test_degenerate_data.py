"""Data that leave little to measure: every metric has a value or says why not, and none fails.

A library's own error on such data would fail the trial, each time that it is measured.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.evaluation.evaluate import GROUPS, evaluate
from ogan_bench.evaluation.rows import Row
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.everything import noise
from tests.oracles.evaluation.resampled_data import Bootstrap, flat_encoder
from tests.oracles.stand_ins import Untrained

CPU = torch.device("cpu")

pytestmark = [
    pytest.mark.usefixtures("_every_space"),
    pytest.mark.filterwarnings("ignore"),  # of spreads of one image, and of divisions by 0
]


def rows_of(
    dataset: Dataset, *, d: int = 8, scale: float = 1.0, probe_images: int = 60
) -> dict[str, Row]:
    """All rows of a pair whose G draws training images, but those of the slow inversion.

    Args:
        dataset: What is measured.
        d: Dimension of codes.
        scale: Factor on the codes.
        probe_images: Number of images that probes are fitted on.
    """
    E = flat_encoder(dataset, d)
    with torch.no_grad():
        E.head.weight.mul_(scale)
    pair = Autoencoder(Untrained(), E, Bootstrap(dataset.train, conditional=False), d)
    settings = Evaluation(samples=20, probe_images=probe_images, extractors=["classifier", "clip"])
    context = ModelContext(pair, UntrainedEncoder(copy.deepcopy(E)), dataset, settings, CPU)
    rows, _ = evaluate(context)
    for name, group in GROUPS.items():
        if name != "inversion":
            rows += group(context)
    return {row.metric: row for row in rows}


def changed(dataset: Dataset, change: Callable[[Split], Split]) -> Dataset:
    return dataclasses.replace(dataset, train=change(dataset.train), test=change(dataset.test))


def of_one_class(split: Split) -> Split:
    return dataclasses.replace(split, labels=torch.zeros(len(split), dtype=torch.long))


def all_equal(split: Split) -> Split:
    return dataclasses.replace(split, images=torch.full_like(split.images, 7))


@pytest.mark.parametrize(("train", "test"), [(1, 1), (2, 2), (6, 3)])
def test_few_images(train: int, test: int) -> None:
    rows = rows_of(noise(train, test))
    assert rows["probe_accuracy_10"].value is None
    assert rows["knn_trunk"].value is None
    assert rows["reconstruction_mse"].value is not None


@pytest.mark.parametrize("change", [of_one_class, all_equal])
def test_images_of_one_kind(change: Callable[[Split], Split]) -> None:
    rows = rows_of(changed(noise(60, 12), change))
    assert rows["reconstruction_mse"].value is not None
    assert (rows["probe_accuracy"].value is None) == (change is of_one_class)


def test_a_class_of_one_image() -> None:
    dataset = noise(100, 12)
    train = dataclasses.replace(dataset.train, labels=(torch.arange(100) == 0).long())
    rows = rows_of(dataclasses.replace(dataset, train=train), probe_images=100)
    assert rows["probe_accuracy"].value is not None


@pytest.mark.parametrize(("d", "scale"), [(1, 1.0), (8, 0.0), (8, 1e-30), (8, 1e30)])
def test_codes_at_the_edge(d: int, scale: float) -> None:
    rows = rows_of(noise(60, 12), d=d, scale=scale)
    assert rows["fd_classifier"].value is not None

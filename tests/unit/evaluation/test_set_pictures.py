"""What one set of images has and another lacks: a class, and nothing of equal sets."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from ogan_bench.data.base import Dataset
from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.set_pictures import draw_unshared, unshared
from ogan_bench.sampling.context import ImageContext
from ogan_bench.study.settings import Evaluation

CPU = torch.device("cpu")
LOST = 3


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits()


def halves(dataset: Dataset) -> tuple[ImageContext, ImageContext]:
    """Even images with all classes, and odd ones without one of them."""
    images, labels = dataset.train.images, dataset.train.known_labels
    odd = torch.arange(1, len(images), 2)
    sets = images[::2], images[odd[labels[odd] != LOST]]
    one, other = (ImageContext(dataset, Evaluation(), CPU, generated=of) for of in sets)
    return one, other


def classes(dataset: Dataset, images: Tensor) -> Tensor:
    """Of training images."""
    same = (images[:, None] == dataset.train.images).flatten(2).all(2)
    assert bool(same.any(1).all())
    return dataset.train.known_labels[same.long().argmax(1)]


def test_a_class_that_the_other_lacks_comes_first(dataset: Dataset) -> None:
    whole, lacking = halves(dataset)
    lost, nearest = unshared(whole, lacking)
    assert len(lost) == len(nearest) == 32
    assert (classes(dataset, lost) == LOST).double().mean() > 0.9
    assert not bool((classes(dataset, nearest) == LOST).any())
    reverse, _ = unshared(lacking, whole)
    assert not bool((classes(dataset, reverse) == LOST).any())


def test_pictures_are_of_each_set_and_the_first(dataset: Dataset, tmp_path: Path) -> None:
    whole, lacking = halves(dataset)
    written = draw_unshared([whole, lacking, whole], tmp_path / "new")
    assert {path.name: numbers for path, numbers in written.items()} == {
        "1-not-2.png": (1, 2), "2-not-1.png": (2, 1), "1-not-3.png": (1, 3), "3-not-1.png": (3, 1),
    }  # fmt: skip
    assert {path.name for path in (tmp_path / "new").iterdir()} == {path.name for path in written}


def test_of_too_few_images_nothing_is_drawn(dataset: Dataset, tmp_path: Path) -> None:
    whole, _ = halves(dataset)
    few = ImageContext(dataset, Evaluation(), CPU, generated=dataset.train.images[:5])
    with pytest.raises(NoValueError, match="too few"):
        draw_unshared([whole, few], tmp_path / "new")
    assert not (tmp_path / "new").exists()

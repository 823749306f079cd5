"""Which images a context compares with, and what rows call them."""

from __future__ import annotations

from dataclasses import replace

import torch

from ogan_bench.data.base import Dataset, Split
from ogan_bench.data.held_out import hold_out
from ogan_bench.data.sources.digits import digits
from ogan_bench.sampling.context import ImageContext
from ogan_bench.study.settings import Evaluation

CPU = torch.device("cpu")


def context(dataset: Dataset, reference: Split | None = None) -> ImageContext:
    return ImageContext(dataset, Evaluation(), CPU, reference=reference)


def test_rows_name_the_split_that_the_reference_is() -> None:
    dataset = digits()
    kept, held_out = hold_out(dataset, 60, 0)
    tested = replace(kept, test=held_out)
    files = replace(dataset, test=dataset.train)
    assert context(dataset).reference_split == "train"
    assert context(tested, held_out).reference_split == "test"
    assert context(dataset, held_out).reference_split == "reference"
    assert context(files).reference_split == "reference"


def test_training_images_are_training_images_whatever_the_reference_is() -> None:
    kept, held_out = hold_out(digits(), 60, 0)
    here = context(replace(kept, test=held_out), held_out)
    assert here.images("reference") is held_out.images
    assert here.images("test") is held_out.images
    assert here.images("train") is kept.train.images

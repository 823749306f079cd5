"""Which images a context compares with, and what rows call them."""

from __future__ import annotations

from dataclasses import replace

import torch

from ogan_bench.data.base import Dataset, Split
from ogan_bench.data.held_out import hold_out
from ogan_bench.data.sources.digits import digits
from ogan_bench.features.extractor import extract
from ogan_bench.sampling.context import ImageContext, Of
from ogan_bench.study.settings import Evaluation

CPU = torch.device("cpu")
ALL: tuple[Of, ...] = ("generated", "reference", "train", "test")


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


def test_a_part_has_the_features_of_its_images() -> None:
    whole = digits()
    dataset = replace(whole, trained_on=torch.arange(0, len(whole.train), 3))
    here = ImageContext(dataset, Evaluation(), CPU, generated=whole.test.images[:60])
    for member in here.members("classifier"):
        for of in ALL:
            member.features("classifier", of)
    generated, reference = torch.arange(0, 60, 2), torch.tensor([3, 1, 6, 40, 41, 9])
    part = here.part(generated, reference)
    assert torch.equal(part.images("generated"), whole.test.images[:60:2])
    assert part.reference_split == here.reference_split
    assert part.dataset.trained_on is not None
    assert reference[part.dataset.trained_on].tolist() == [3, 6, 9]
    for member, of_whole in zip(
        part.members("classifier"), here.members("classifier"), strict=True
    ):
        extractor = of_whole.extractor("classifier")
        for of in ALL[:3]:
            expected = extract(extractor, member.images(of))
            found = member.features("classifier", of)
            assert torch.allclose(found.features, expected.features, atol=1e-5)
            assert torch.allclose(found.logits, expected.logits, atol=1e-5)
        tested = member.features("classifier", "test")
        assert torch.equal(tested.features, of_whole.features("classifier", "test").features)
    assert len(here.features("classifier", "generated")) == 60


def test_a_part_of_files_has_no_test_images_either() -> None:
    dataset = digits()
    files = replace(dataset, test=dataset.train)
    here = ImageContext(files, Evaluation(), CPU, generated=files.train.images)
    part = here.part(torch.arange(5), torch.arange(7))
    assert part.reference_split == "reference"
    assert len(part.images("test")) == 7

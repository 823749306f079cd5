"""scikit-learn's handwritten digits, bundled with its package: real images without a download."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from ogan_bench.data.base import Dataset, Split, resize
from ogan_bench.seeding import generator

TEST_EVERY = 5
"""One image in five is a test image: 1,437 train, 360 test."""


def digits(
    *,
    resolution: Annotated[int, Field(ge=8, le=256)] = 16,
    split: Literal["stratified", "every_fifth"] = "stratified",
) -> Dataset:
    """scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, enlarged.

    Args:
        resolution: Height and width in pixels.
        split: Test images: a fixed random fifth of every class, or every fifth image of the source,
            whose classes come in runs, so that their shares differ between the two parts.

    References:
        E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (CC BY 4.0).
    """
    from sklearn.datasets import load_digits

    source = load_digits()
    levels = torch.from_numpy(source.images).float().mul_(255 / 16).round_().to(torch.uint8)
    images = resize(levels[:, None], resolution)
    labels = torch.from_numpy(source.target).long()
    order = torch.arange(len(images)) if split == "every_fifth" else _by_class(labels)
    test = torch.zeros(len(images), dtype=torch.bool)
    test[order[::TEST_EVERY]] = True
    return Dataset(
        name="digits",
        train=Split(images[~test], labels[~test]),
        test=Split(images[test], labels[test]),
        classes=tuple(str(name) for name in source.target_names),
        licence="CC BY 4.0 (UCI Optical Recognition of Handwritten Digits)",
    )


def _by_class(labels: Tensor) -> Tensor:
    """Indices sorted by class, in a fixed random order within a class."""
    shuffled = torch.randperm(len(labels), generator=generator(0, "data/digits/split"))
    return shuffled[labels[shuffled].argsort(stable=True)]

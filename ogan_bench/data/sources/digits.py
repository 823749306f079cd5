"""scikit-learn's handwritten digits, bundled with its package: real images without a download."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
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
    rows = torch.from_numpy(_rows())
    levels = rows[:, :-1].float().mul_(255 / 16).round_().to(torch.uint8)
    images = resize(levels.reshape(-1, 1, 8, 8), resolution)
    labels = rows[:, -1].long()
    order = torch.arange(len(images)) if split == "every_fifth" else _by_class(labels)
    test = torch.zeros(len(images), dtype=torch.bool)
    test[order[::TEST_EVERY]] = True
    return Dataset(
        name="digits",
        train=Split(images[~test], labels[~test]),
        test=Split(images[test], labels[test]),
        classes=tuple(str(digit) for digit in range(10)),
        licence="CC BY 4.0 (UCI Optical Recognition of Handwritten Digits)",
    )


def _rows() -> NDArray[Any]:
    """A row an image: 64 pixels from 0 to 16, then the digit.

    The file of scikit-learn's package is read without its code, whose import takes longer than a
    small training.
    """
    package = find_spec("sklearn")
    for folder in (package and package.submodule_search_locations) or ():
        file = Path(folder, "datasets", "data", "digits.csv.gz")
        if file.is_file():
            return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits  # a version that keeps the file elsewhere

    return np.column_stack(load_digits(return_X_y=True))


def _by_class(labels: Tensor) -> Tensor:
    """Indices sorted by class, in a fixed random order within a class."""
    shuffled = torch.randperm(len(labels), generator=generator(0, "data/digits/split"))
    return shuffled[labels[shuffled].argsort(stable=True)]

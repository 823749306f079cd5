"""scikit-learn's handwritten digits, bundled with its package: real images without a download."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field

from ogan_bench.data.base import Dataset, Split, resize

TEST_EVERY = 5
"""Every fifth image, from the first, is a test image: 1,437 train, 360 test."""


def digits(*, resolution: Annotated[int, Field(ge=8, le=256)] = 16) -> Dataset:
    """scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, enlarged.

    Args:
        resolution: Height and width in pixels.

    References:
        E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (CC BY 4.0).
    """
    from sklearn.datasets import load_digits

    source = load_digits()
    levels = torch.from_numpy(source.images).float().mul_(255 / 16).round_().to(torch.uint8)
    images = resize(levels[:, None], resolution)
    labels = torch.from_numpy(source.target).long()
    test = torch.arange(len(images)) % TEST_EVERY == 0
    return Dataset(
        name="digits",
        train=Split(images[~test], labels[~test]),
        test=Split(images[test], labels[test]),
        classes=tuple(str(name) for name in source.target_names),
        licence="CC BY 4.0 (UCI Optical Recognition of Handwritten Digits)",
    )

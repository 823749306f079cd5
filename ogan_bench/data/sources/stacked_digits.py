"""Three digits as the channels of one image: 1000 modes that a classifier of ten classes can count.

The construction is that of Stacked-MNIST on other digits, so its numbers are not comparable with
those in the literature.
"""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveInt

from ogan_bench.data.base import Dataset, Split
from ogan_bench.data.sources.digits import digits
from ogan_bench.seeding import generator

CHANNELS = 3
TEST_IMAGES = 5000


def stacked_digits(
    *,
    resolution: Annotated[int, Field(ge=8, le=256)] = 16,
    images: PositiveInt = 20_000,
    split: Literal["stratified", "every_fifth"] = "stratified",
) -> Dataset:
    """Three random digits of scikit-learn as red, green and blue: 1000 classes.

    Training images are made of training digits, the 5000 test images of test digits; the draw is
    fixed. The label of the digits (a, b, c) is 100a + 10b + c.

    Args:
        resolution: Height and width in pixels.
        images: Number of training images; PacGAN uses 128,000 of MNIST.
        split: Which digits are test digits, as in ``digits``.

    References:
        L. Metz et al., Unrolled Generative Adversarial Networks, 2017, arXiv 1611.02163;
        A. Srivastava et al., VEEGAN, 2017, arXiv 1705.07761 (the construction, with MNIST)
    """
    source = digits(resolution=resolution, split=split)
    return stacked("stacked_digits", source, images, TEST_IMAGES)


def stacked(name: str, source: Dataset, images: int, test_images: int) -> Dataset:
    """Three random images of one grey dataset as the channels of one image.

    Args:
        name: Name of the dataset; part of the seed of the draw.
        source: Grey images of ten classes.
        images: Number of training images, made of training images.
        test_images: Number of test images, made of test images.
    """

    def stack(split: Split, count: int, part: str) -> Split:
        drawn = torch.randint(
            len(split), (count, CHANNELS), generator=generator(0, f"data/{name}/{part}")
        )
        places = torch.tensor([100, 10, 1])
        return Split(split.images[drawn, 0], (split.known_labels[drawn] * places).sum(1))

    return Dataset(
        name=name,
        train=stack(source.train, images, "train"),
        test=stack(source.test, test_images, "test"),
        classes=tuple(f"{label:03d}" for label in range(10**CHANNELS)),
        licence=source.licence,
        channels_of=source,
    )

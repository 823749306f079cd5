"""Stacked-MNIST: three digits as the channels of one image, the usual test for mode collapse."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt

from ogan_bench.data.base import Dataset
from ogan_bench.data.sources.mnist import mnist
from ogan_bench.data.sources.stacked_digits import stacked

TEST_IMAGES = 10_000


def stacked_mnist(
    *, resolution: Annotated[int, Field(ge=8, le=256)] = 32, images: PositiveInt = 128_000
) -> Dataset:
    """Three random digits of MNIST as red, green and blue: 1000 classes.

    Training images are made of training digits, the 10,000 test images of test digits; the draw is
    fixed. The label of the digits (a, b, c) is 100a + 10b + c. MNIST is looked for, downloaded and
    licensed as the dataset ``mnist``.

    Deviations from PacGAN: 32 pixels by default where PacGAN has 28, because the convolutional nets
    here double the resolution from 4 (``mlp`` takes 28 too); a classifier and 128,000 images of our
    own draw.

    Args:
        resolution: Height and width in pixels.
        images: Number of training images; PacGAN uses 128,000.

    Raises:
        UserError: MNIST is not on disk and cannot be downloaded, or a file is damaged.

    References:
        L. Metz et al., Unrolled Generative Adversarial Networks, 2017, arXiv 1611.02163;
        A. Srivastava et al., VEEGAN, 2017, arXiv 1705.07761;
        Z. Lin et al., PacGAN: The power of two samples in generative adversarial networks, 2018,
        arXiv 1712.04086 (128,000 images)
    """
    return stacked("stacked_mnist", mnist(resolution=resolution), images, TEST_IMAGES)

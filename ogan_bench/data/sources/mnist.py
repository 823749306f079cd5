"""MNIST from disk, or downloaded by torchvision if there is a network."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.reading import idx
from ogan_bench.data.reading.download import download


def mnist(*, resolution: Annotated[int, Field(ge=8, le=256)] = 32) -> Dataset:
    """MNIST: 60,000 training and 10,000 test images of handwritten digits.

    Looked for in ``$OGAN_BENCH_DATA/MNIST/raw`` (torchvision's layout: four IDX files, gzipped or
    not; the root is ``data`` if the variable is not set); otherwise torchvision downloads it there.
    Commonly stated to be under CC BY-SA 3.0.

    Args:
        resolution: Height and width in pixels; the source has 28, antialiased bilinear resize.

    Raises:
        UserError: It is not on disk and cannot be downloaded, or a file is damaged.

    References:
        Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document
        recognition, Proceedings of the IEEE 86, 1998, https://doi.org/10.1109/5.726791
    """
    folder = data_root() / "MNIST" / "raw"
    if not idx.has_files(folder):
        download(
            "MNIST",
            data_root(),
            f"MNIST is not in {folder}",
            "Put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz "
            "and t10k-labels-idx1-ubyte.gz there (its root is $OGAN_BENCH_DATA).",
        )
    train, test = idx.read_splits(folder, resolution)
    return Dataset(
        name="mnist",
        train=train,
        test=test,
        classes=tuple(str(digit) for digit in range(idx.CLASSES)),
        licence="CC BY-SA 3.0, as commonly stated",
    )

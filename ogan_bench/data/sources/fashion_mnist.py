"""Fashion-MNIST from disk, or downloaded by torchvision if there is a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.reading import idx
from ogan_bench.data.reading.download import download

CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package ``dataset-fashion-mnist`` puts the files."""


def fashion_mnist(*, resolution: Annotated[int, Field(ge=8, le=256)] = 32) -> Dataset:
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothes in 10 classes.

    Looked for in ``$OGAN_BENCH_DATA/FashionMNIST/raw`` (torchvision's layout; the root is ``data``
    if the variable is not set) and where Debian's package ``dataset-fashion-mnist`` installs it;
    otherwise torchvision downloads it to the former.

    Args:
        resolution: Height and width in pixels; the source has 28, antialiased bilinear resize.

    Raises:
        UserError: It is not on disk and cannot be downloaded.

    References:
        H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017, arXiv 1708.07747 (MIT licence).
    """
    folder = find_folder()
    if folder is None:
        folder = data_root() / "FashionMNIST" / "raw"
        download(
            "FashionMNIST",
            data_root(),
            f"Fashion-MNIST is neither in {folder} nor in {DEBIAN}",
            "Install Debian's package dataset-fashion-mnist, or put the four IDX files into the "
            "first folder (its root is $OGAN_BENCH_DATA).",
        )
    train, test = idx.read_splits(folder, resolution)
    return Dataset(name="fashion_mnist", train=train, test=test, classes=CLASSES, licence="MIT")


def find_folder() -> Path | None:
    """The folder on disk that holds the IDX files."""
    for folder in (data_root() / "FashionMNIST" / "raw", DEBIAN):
        if idx.has_files(folder):
            return folder
    return None

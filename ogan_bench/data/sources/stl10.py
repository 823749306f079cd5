"""STL-10 from disk, or downloaded by torchvision if there is a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field

from ogan_bench.data.base import Dataset, Split, data_root, resize
from ogan_bench.data.reading.download import class_labels, download, read_verified

CLASSES = (
    "airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck",
)  # fmt: skip
SIDE = 96


def stl10(*, resolution: Annotated[int, Field(ge=8, le=256)] = 64) -> Dataset:
    """STL-10, labelled part: 5000 training and 8000 test photographs in 10 classes.

    Looked for in ``$OGAN_BENCH_DATA/stl10_binary`` (torchvision's layout: ``train_X.bin``,
    ``train_y.bin``, ``test_X.bin``, ``test_y.bin``; the root is ``data`` if the variable is not
    set); otherwise torchvision downloads all of it there, 2.6 GB. The 100,000 unlabelled images are
    not used. The images come from ImageNet: for research.

    Args:
        resolution: Height and width in pixels; the source has 96, antialiased bilinear resize.

    Raises:
        UserError: It is not on disk and cannot be downloaded, or a file is not the published one.

    References:
        A. Coates, H. Lee and A. Y. Ng, An Analysis of Single-Layer Networks in Unsupervised Feature
        Learning, AISTATS 2011, https://cs.stanford.edu/~acoates/stl10/
    """
    from torchvision.datasets import STL10

    folder = data_root() / STL10.base_folder
    if not folder.is_dir():
        download(
            "STL10",
            data_root(),
            f"STL-10 is not in {folder}",
            f"Unpack {STL10.filename} of https://cs.stanford.edu/~acoates/stl10/ into "
            f"{data_root()} ($OGAN_BENCH_DATA).",
        )
    checksums = dict([*STL10.train_list, *STL10.test_list])
    return Dataset(
        name="stl10",
        train=_read(folder, "train", checksums, resolution),
        test=_read(folder, "test", checksums, resolution),
        classes=CLASSES,
        licence="for research; images from ImageNet",
    )


def _read(folder: Path, part: str, checksums: dict[str, str], resolution: int) -> Split:
    """One split: planes of bytes in column-major order, and labels from 1.

    Raises:
        UserError: A file is missing, or not the published one.
    """

    def content(name: str) -> torch.Tensor:
        source = bytearray(read_verified(folder / name, checksums[name]))
        return torch.frombuffer(source, dtype=torch.uint8)

    pixels, labels = content(f"{part}_X.bin"), content(f"{part}_y.bin").long() - 1
    images = pixels.view(-1, 3, SIDE, SIDE).transpose(2, 3).contiguous()
    return Split(
        resize(images, resolution),
        class_labels(labels, len(images), len(CLASSES), folder / f"{part}_y.bin"),
    )

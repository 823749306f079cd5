"""SVHN from disk, or downloaded by torchvision if there is a network."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field

from ogan_bench.data.base import Dataset, Split, data_root, resize
from ogan_bench.data.reading.download import class_labels, download, read_verified

CLASSES = 10


def svhn(*, resolution: Annotated[int, Field(ge=8, le=256)] = 32) -> Dataset:
    """SVHN, cropped digits: 73,257 training and 26,032 test photographs of house numbers.

    ``train_32x32.mat`` and ``test_32x32.mat`` are looked for in ``$OGAN_BENCH_DATA`` (torchvision's
    layout; ``data`` if the variable is not set) and its subfolder ``svhn``; otherwise torchvision
    downloads them to the latter. The easier images of ``extra`` are left out. The label 10 of the
    source, the digit 0, becomes 0. For non-commercial use.

    Args:
        resolution: Height and width in pixels; the source has 32, antialiased bilinear resize.

    Raises:
        UserError: It is not on disk and cannot be downloaded, or a file is not the published one.

    References:
        Y. Netzer et al., Reading Digits in Natural Images with Unsupervised Feature Learning, NIPS
        Workshop on Deep Learning and Unsupervised Feature Learning, 2011,
        http://ufldl.stanford.edu/housenumbers/
    """
    folders = (data_root(), data_root() / "svhn")
    folder = next((place for place in folders if (place / "train_32x32.mat").is_file()), None)
    if folder is None:
        folder = folders[1]
        for part in ("train", "test"):
            download(
                "SVHN",
                folder,
                f"SVHN is neither in {folders[0]} nor in {folder}",
                "Put train_32x32.mat and test_32x32.mat of "
                "http://ufldl.stanford.edu/housenumbers/ there (the root is $OGAN_BENCH_DATA).",
                split=part,
            )
    return Dataset(
        name="svhn",
        train=_read(folder, "train", resolution),
        test=_read(folder, "test", resolution),
        classes=tuple(str(digit) for digit in range(CLASSES)),
        licence="non-commercial use only",
    )


def _read(folder: Path, part: Literal["train", "test"], resolution: int) -> Split:
    """One split, of a MATLAB file with X ``(32, 32, 3, n)`` and y ``(n, 1)``.

    Raises:
        UserError: The file is missing, or not the published one.
    """
    from scipy.io import loadmat
    from torchvision.datasets import SVHN

    _, name, md5 = SVHN.split_list[part]
    path = folder / name
    file: Any = io.BytesIO(read_verified(path, md5))
    source = loadmat(file, variable_names=["X", "y"])
    images = torch.from_numpy(source["X"]).permute(3, 2, 0, 1).contiguous()
    digits = torch.from_numpy(source["y"]).flatten() % CLASSES
    return Split(resize(images, resolution), class_labels(digits, len(images), CLASSES, path))

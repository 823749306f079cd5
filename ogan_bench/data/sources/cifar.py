"""CIFAR-10 and CIFAR-100 from disk, or downloaded by torchvision if there is a network.

The authors publish the same images as Python pickles, which torchvision reads, and as binary
records. Unpickling can execute code, so a pickle is opened only if its bytes have the published
checksum; the records have no published checksums, but are plain bytes.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ogan_bench.data.base import Dataset, Split, data_root, resize
from ogan_bench.data.reading.download import class_labels, download, read, read_verified
from ogan_bench.errors import UserError

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32


class Records(NamedTuple):
    """The binary version of a dataset.

    Args:
        folder: Name of its folder.
        train: Name of each training file, with the number of its images.
        test: The same for the test file.
        label_bytes: Number of labels before the pixels; the last one is the class.
        names: Name of the file with the names of the classes.
    """

    folder: str
    train: dict[str, int]
    test: dict[str, int]
    label_bytes: int
    names: str


RECORDS = {
    "CIFAR10": Records(
        "cifar-10-batches-bin",
        {f"data_batch_{i}.bin": 10_000 for i in range(1, 6)},
        {"test_batch.bin": 10_000},
        1,
        "batches.meta.txt",
    ),
    "CIFAR100": Records(
        "cifar-100-binary",
        {"train.bin": 50_000},
        {"test.bin": 10_000},
        2,
        "fine_label_names.txt",
    ),
}
"""The binary version of each dataset, by the name of torchvision's class."""


def cifar10(*, resolution: Annotated[int, Field(ge=8, le=256)] = 32) -> Dataset:
    """CIFAR-10: 50,000 training and 10,000 test photographs in 10 classes.

    Looked for in ``$OGAN_BENCH_DATA/cifar-10-batches-py`` (torchvision's layout) and
    ``$OGAN_BENCH_DATA/cifar-10-batches-bin`` (the binary version); the root is ``data`` if the
    variable is not set. Else torchvision downloads it to the former. Its authors state no licence.

    Args:
        resolution: Height and width in pixels; the source has 32, antialiased bilinear resize.

    Raises:
        UserError: It is not on disk and cannot be downloaded, or a file is not the published one.

    References:
        A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009,
        https://www.cs.toronto.edu/~kriz/cifar.html
    """
    return _cifar("cifar10", "CIFAR10", 10, resolution)


def cifar100(*, resolution: Annotated[int, Field(ge=8, le=256)] = 32) -> Dataset:
    """CIFAR-100: 50,000 training and 10,000 test photographs in 100 classes.

    Looked for in ``$OGAN_BENCH_DATA/cifar-100-python`` (torchvision's layout) and
    ``$OGAN_BENCH_DATA/cifar-100-binary`` (the binary version); the root is ``data`` if the
    variable is not set. Else torchvision downloads it to the former. The labels are the fine ones.
    Its authors state no licence.

    Args:
        resolution: Height and width in pixels; the source has 32, antialiased bilinear resize.

    Raises:
        UserError: It is not on disk and cannot be downloaded, or a file is not the published one.

    References:
        A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009,
        https://www.cs.toronto.edu/~kriz/cifar.html
    """
    return _cifar("cifar100", "CIFAR100", 100, resolution)


def _cifar(
    name: str, kind: Literal["CIFAR10", "CIFAR100"], classes: int, resolution: int
) -> Dataset:
    from torchvision import datasets

    published = getattr(datasets, kind)  # torchvision's names and checksums of the pickles
    pickles, records = data_root() / published.base_folder, data_root() / RECORDS[kind].folder
    if not pickles.is_dir() and not records.is_dir():
        download(
            kind,
            data_root(),
            f"{kind} is neither in {pickles} nor in {records}",
            f"Unpack {published.filename} or the binary version of {published.url} into "
            f"{data_root()} ($OGAN_BENCH_DATA).",
        )
    if pickles.is_dir():
        train, test, names = _from_pickles(pickles, published, classes)
    else:
        train, test, names = _from_records(records, RECORDS[kind], classes)
    if len(names) != classes:
        raise UserError(f"{name}: {len(names)} names for {classes} classes; fetch it again")
    return Dataset(
        name=name,
        train=Split(resize(train.images, resolution), train.labels),
        test=Split(resize(test.images, resolution), test.labels),
        classes=names,
        licence="none stated by its authors",
    )


def _from_pickles(
    folder: Path, published: Any, classes: int
) -> tuple[Split, Split, tuple[str, ...]]:
    """Both splits and the names of the classes, from files with the published checksums."""

    def split(files: list[tuple[str, str]]) -> Split:
        batches = [
            _batch(folder / name, _unpickle(folder / name, md5), classes) for name, md5 in files
        ]
        return _joined(batches)

    meta = _unpickle(folder / published.meta["filename"], published.meta["md5"])
    names = tuple(meta[published.meta["key"]])
    return split(published.train_list), split(published.test_list), names


def _unpickle(path: Path, md5: str) -> dict[str, Any]:
    batch: dict[str, Any] = pickle.loads(read_verified(path, md5), encoding="latin1")
    return batch


def _batch(path: Path, batch: dict[str, Any], classes: int) -> Split:
    images = torch.from_numpy(np.asarray(batch["data"], np.uint8).reshape(-1, *SHAPE))
    labels = batch["labels"] if "labels" in batch else batch["fine_labels"]
    return Split(images, class_labels(torch.tensor(labels), len(images), classes, path))


def _from_records(
    folder: Path, form: Records, classes: int
) -> tuple[Split, Split, tuple[str, ...]]:
    """Both splits and the names of the classes, from binary records."""

    def split(files: dict[str, int]) -> Split:
        return _joined(
            [_records(folder / name, n, form.label_bytes, classes) for name, n in files.items()]
        )

    names = tuple(read(folder / form.names).decode("utf-8", "replace").split())
    return split(form.train), split(form.test), names


def _records(path: Path, images: int, label_bytes: int, classes: int) -> Split:
    """One file of ``images`` records: the labels, then the red, green and blue plane.

    Raises:
        UserError: The file is missing, truncated, or has a label that is not a class.
    """
    content = torch.frombuffer(bytearray(read(path)), dtype=torch.uint8)
    size = label_bytes + PIXELS
    if len(content) != images * size:
        raise UserError(
            f"{path}: {len(content):,} bytes instead of {images * size:,}; fetch it again"
        )
    rows = content.view(images, size)
    labels: Tensor = rows[:, label_bytes - 1]
    return Split(
        rows[:, label_bytes:].reshape(-1, *SHAPE), class_labels(labels, images, classes, path)
    )


def _joined(batches: list[Split]) -> Split:
    return Split(
        torch.cat([batch.images for batch in batches]),
        torch.cat([batch.known_labels for batch in batches]),
    )

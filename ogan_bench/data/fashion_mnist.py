"""Fashion-MNIST from disk, or downloaded by torchvision where there is a network."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from ogan_bench.data.base import Dataset, Split, data_root, resize
from ogan_bench.errors import UserError

CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
PREFIXES = {"train": "train", "test": "t10k"}
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package ``dataset-fashion-mnist`` puts the files."""


def fashion_mnist(*, resolution: Annotated[int, Field(ge=8, le=256)] = 32) -> Dataset:
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothes in 10 classes.

    Looked for in ``$OGAN_BENCH_DATA/FashionMNIST/raw`` (torchvision's layout; the root is ``data``
    if the variable is not set) and where Debian's package ``dataset-fashion-mnist`` installs it;
    else torchvision downloads it to the former.

    Args:
        resolution: Height and width in pixels; the source has 28, antialiased bilinear resize.

    Raises:
        UserError: It is nowhere on disk and cannot be downloaded.

    References:
        H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017, arXiv 1708.07747 (MIT licence).
    """
    folder = find_folder() or _download()
    splits = {
        name: Split(
            resize(_read_idx(folder, f"{prefix}-images-idx3-ubyte", 3)[:, None], resolution),
            _read_idx(folder, f"{prefix}-labels-idx1-ubyte", 1).long(),
        )
        for name, prefix in PREFIXES.items()
    }
    return Dataset(
        name="fashion_mnist",
        train=splits["train"],
        test=splits["test"],
        classes=CLASSES,
        licence="MIT",
    )


def find_folder() -> Path | None:
    """The folder on disk that holds the IDX files."""
    for folder in (data_root() / "FashionMNIST" / "raw", DEBIAN):
        if _find(folder, "train-images-idx3-ubyte") is not None:
            return folder
    return None


def _download() -> Path:
    from torchvision.datasets import FashionMNIST

    folder = data_root() / "FashionMNIST" / "raw"
    try:
        FashionMNIST(data_root(), download=True)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"Fashion-MNIST is neither in {folder} nor in {DEBIAN}, and could not be downloaded "
            f"({error}). Install Debian's package dataset-fashion-mnist, or put the four IDX files "
            "into the first folder (its root is $OGAN_BENCH_DATA)."
        ) from None
    return folder


def _find(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    return None


def _read_idx(folder: Path, name: str, dimensions: Literal[1, 3]) -> Tensor:
    """One IDX file of unsigned bytes, gzipped or not.

    Raises:
        UserError: The file is missing, truncated or of another type.
    """
    path = _find(folder, name)
    if path is None:
        raise UserError(f"{folder}: no {name} or {name}.gz beside the other files; fetch it again")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise UserError(f"{path}: cannot be read ({error}); fetch it again") from None
    header = 4 * (1 + dimensions)
    shape = tuple(np.frombuffer(content[4:header], dtype=">u4").tolist())
    right = content[:4] == bytes((0, 0, 8, dimensions)) and len(shape) == dimensions
    if not right or len(content) != header + int(np.prod(shape)):
        raise UserError(f"{path}: not a whole IDX file of {dimensions} dimensions; fetch it again")
    return torch.from_numpy(np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy())

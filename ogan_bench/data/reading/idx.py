"""IDX, the file format of MNIST and of datasets modelled on it."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ogan_bench.data.base import Split, resize
from ogan_bench.data.reading.download import class_labels
from ogan_bench.errors import UserError

CLASSES = 10


def has_files(folder: Path) -> bool:
    """Whether a folder holds a dataset in IDX files."""
    return _find(folder, "train-images-idx3-ubyte") is not None


def read_splits(folder: Path, resolution: int) -> tuple[Split, Split]:
    """Training and test split of ten classes.

    Raises:
        UserError: A file is missing, damaged, or does not belong to the others.
    """
    return _read_split(folder, "train", resolution), _read_split(folder, "t10k", resolution)


def _read_split(folder: Path, prefix: Literal["train", "t10k"], resolution: int) -> Split:
    _, images = _read(folder, f"{prefix}-images-idx3-ubyte", 3)
    path, labels = _read(folder, f"{prefix}-labels-idx1-ubyte", 1)
    return Split(
        resize(images[:, None], resolution), class_labels(labels, len(images), CLASSES, path)
    )


def _find(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    return None


def _read(folder: Path, name: str, dimensions: Literal[1, 3]) -> tuple[Path, Tensor]:
    """One file of unsigned bytes, gzipped or not.

    Raises:
        UserError: The file is missing, truncated or of another type.
    """
    path = _find(folder, name)
    if path is None:
        raise UserError(f"{folder}: no {name} or {name}.gz next to the others; fetch it again")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read ({error}); fetch it again") from None
    header = 4 * (1 + dimensions)
    if content[:4] == bytes((0, 0, 8, dimensions)) and len(content) > header:
        shape = np.frombuffer(content[4:header], dtype=">u4").tolist()
        if math.prod(shape) == len(content) - header:
            array = np.frombuffer(content, np.uint8, offset=header).reshape(shape)
            return path, torch.from_numpy(array.copy())
    raise UserError(f"{path}: not a complete IDX file of {dimensions} dimensions; fetch it again")

"""Small files in the forms that datasets are published in, and damage to them."""

from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def flip(path: Path, position: int, value: int) -> None:
    content = bytearray(path.read_bytes())
    assert content[position] != value
    content[position] = value
    path.write_bytes(content)


def idx(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_mnist(root: Path, *, packed: bool = False, seed: int = 0) -> Path:
    """30 training and 20 test images of random pixels, labelled 0 to 9 in turn."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for prefix, n in (("train", 30), ("t10k", 20)):
        images = idx(random.integers(0, 256, (n, 28, 28)))
        labels = idx(np.arange(n) % 10)
        for name, content in ((f"{prefix}-images-idx3", images), (f"{prefix}-labels-idx1", labels)):
            if packed:
                (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(content))
            else:
                (folder / f"{name}-ubyte").write_bytes(content)
    return folder

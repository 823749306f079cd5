"""The order of images in a source: training images first, so that both splits are slices."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from ogan_bench.data.reading.image_files import READ
from ogan_bench.errors import UserError


def train_first(is_test: Tensor) -> tuple[Tensor, int]:
    """The order in which training images come before test images, and how many there are.

    Args:
        is_test: Whether each image of a source is a test image, bool, shape ``(n,)``.
    """
    order = torch.cat([(~is_test).nonzero(), is_test.nonzero()]).flatten()
    return order, int((~is_test).sum())


def every_kth(images: int, k: int, place: Path) -> Tensor:
    """Mask of the test images, which are every k-th one.

    Raises:
        UserError: There are too few images for one test image.
    """
    if not images:
        raise UserError(f"{place}: no {READ} image in it")
    if images < k:
        raise UserError(f"{place}: {images} images, too few for test_every {k}")
    return torch.arange(images) % k == k - 1


def order_stamp(names: Iterable[str], files: Iterable[Path]) -> str:
    """Changes with the names and their order, and with size and modification time of the files."""
    digest = hashlib.sha256("\n".join(names).encode())
    for file in files:
        facts = file.stat()
        digest.update(repr((file.name, facts.st_size, facts.st_mtime_ns)).encode())
    return digest.hexdigest()

"""Files of published datasets: downloaded, verified by checksum, and validated."""

from __future__ import annotations

import hashlib
from http.client import HTTPException
from pathlib import Path

import torch
from torch import Tensor

from ogan_bench.errors import UserError


def download(kind: str, root: Path, missing: str, fix: str, **options: str) -> None:
    """Let torchvision download one of its datasets; it verifies the checksums.

    Args:
        kind: Name of the class in ``torchvision.datasets``.
        root: The folder in which torchvision lays the dataset out.
        missing: Message about what was looked for, and where.
        fix: What to do without a network.
        options: Further arguments of the class.

    Raises:
        UserError: It cannot be downloaded.
    """
    from torchvision import datasets

    try:
        getattr(datasets, kind)(root, download=True, **options)
    except (OSError, RuntimeError, EOFError, HTTPException) as error:
        raise UserError(f"{missing}, and could not be downloaded ({error}). {fix}") from None


def read(path: Path) -> bytes:
    """Content of a file.

    Raises:
        UserError: It is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: missing next to the other files; fetch it again") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def read_verified(path: Path, md5: str) -> bytes:
    """Content of a file whose checksum is published.

    It returns the very bytes that were checked, so the file cannot be replaced in between.

    Raises:
        UserError: It is missing, cannot be read, or is not the published file.
    """
    content = read(path)
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise UserError(
            f"{path}: damaged or not the published file (its MD5 is {found}, not {md5}); delete "
            "it and fetch it again"
        )
    return content


def class_labels(values: Tensor, images: int, classes: int, place: Path) -> Tensor:
    """The labels as int64, one for each image.

    Args:
        values: Integers, shape ``(n,)``.
        images: Number of images.
        classes: Labels are 0 to ``classes`` - 1.
        place: The file that they were read from.

    Raises:
        UserError: There are more or fewer labels than images, or a label is not a class.
    """
    labels = values.to(torch.int64)
    if len(labels) != images:
        raise UserError(f"{place}: {len(labels)} labels for {images} images; fetch it again")
    outside = labels[(labels < 0) | (labels >= classes)]
    if len(outside):
        raise UserError(
            f"{place}: label {int(outside[0])} is not one of the {classes} classes "
            f"0 to {classes - 1}"
        )
    return labels

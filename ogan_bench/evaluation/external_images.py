"""Images from outside the catalogue: from other tools, and folders to compare them with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple
from zipfile import BadZipFile

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ogan_bench.data.base import Dataset
from ogan_bench.data.prepared.prepare import Prepared, prepared
from ogan_bench.data.reading.image_files import ImageFiles, find_images
from ogan_bench.errors import UserError, did_you_mean
from ogan_bench.study import catalogue
from ogan_bench.study.arguments import parse_component
from ogan_bench.study.parts import build

KEY = "images"
"""Name of the array in an .npz file."""
GREY = ("L", "1")
"""Pillow's modes of greyscale images."""


def read_images(path: Path) -> Tensor:
    """Images written by another tool: an .npz file, or a folder of files of one size.

    Args:
        path: A file with the array ``images``, uint8, ``(n, c, h, w)`` with 1 or 3 channels; or a
            folder of PNG, JPEG or WebP files.

    Returns:
        uint8, shape ``(n, c, h, w)``.

    Raises:
        UserError: There is no such file or folder, or it is not of that form.
    """
    if path.is_dir():
        return _folder(path, None).images
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images = arrays[KEY]
    except FileNotFoundError:
        raise UserError(f"{path}: no such file or folder") from None
    except KeyError:
        raise UserError(f"{path}: no array {KEY!r} in it; save it under that name") from None
    except (OSError, ValueError, TypeError, EOFError, BadZipFile) as error:
        raise UserError(f"{path}: not an .npz file of plain numbers ({error})") from None
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
        raise UserError(
            f"{path}: {KEY!r} is {images.dtype} {images.shape}; it must be uint8 (n, c, h, w) with "
            "1 or 3 channels"
        )
    return torch.from_numpy(images)


def reference_dataset(reference: str, settings: Sequence[str], images: Tensor) -> Dataset:
    """The dataset that images are compared with, at their resolution.

    Args:
        reference: Name of a dataset, or a folder, all of whose images are the reference.
        settings: ``key=value``, parameters of the dataset.
        images: Shape ``(n, c, h, w)``.

    Raises:
        UserError: There is no such dataset or folder, or its images are of another shape.
    """
    _, channels, height, width = images.shape
    known = catalogue.parts("datasets")
    if reference in known:
        takes = [parameter.name for parameter in known[reference].parameters]
        given = [setting.partition("=")[0] for setting in settings]
        if "resolution" in takes and "resolution" not in given:
            settings = [*settings, f"resolution={height}"]
        dataset: Dataset = build("datasets", parse_component("datasets", reference, settings))
    elif Path(reference).is_dir():
        if settings:
            raise UserError("--set is for a dataset of the catalogue; a folder is taken as it is")
        whole = _folder(Path(reference), height)
        split = whole.split(0, len(whole.images))
        dataset = Dataset(Path(reference).name, split, split, (), "unknown: the user's own files")
    else:
        raise UserError(
            f"--reference {reference}: no such folder, and no such dataset."
            f"{did_you_mean(reference, known)}"
        )
    if dataset.is_points:
        raise UserError(f"--reference {reference}: points, not images")
    if dataset.shape != (channels, height, width):
        raise UserError(
            f"--generated has images of shape {(channels, height, width)}, --reference {reference} "
            f"of {tuple(dataset.shape)}: they must be alike; how images are resized changes every "
            "metric, so it is left to you"
        )
    return dataset


def _folder(path: Path, side: int | None) -> Prepared:
    """All images of a folder; greyscale if all of them are.

    Args:
        path: The folder.
        side: Height and width to resize them to; ``None``: their own, which must be the same.

    Raises:
        UserError: There are none, or they are not squares of one size.
    """
    names = find_images(path)
    if not names:
        raise UserError(f"{path}: no PNG, JPEG or WebP file in it")
    files = ImageFiles(path, names)
    headers = [_header(files, i) for i in range(len(names))]
    if side is None:
        sizes = {header.size: name for header, name in zip(headers, names, strict=True)}
        (width, height), *others = sizes
        if others or width != height:
            found = ", ".join(f"{name}: {w} x {h}" for (w, h), name in list(sizes.items())[:2])
            raise UserError(
                f"{path}: images must be squares of one size ({found}); resize them first, for how "
                "it is done changes every metric"
            )
        side = width
    channels: Literal[1, 3] = 1 if all(header.mode in GREY for header in headers) else 3
    return prepared("loose", files, resolution=side, crop="none", channels=channels)


class _Header(NamedTuple):
    size: tuple[int, int]
    mode: str


def _header(files: ImageFiles, i: int) -> _Header:
    try:
        with Image.open(io.BytesIO(files.read(i))) as image:
            return _Header(image.size, image.mode)
    except Exception as error:  # the errors of the image parser are not documented
        raise UserError(
            f"{files.folder / files.names[i]}: cannot be read as an image ({error})"
        ) from None

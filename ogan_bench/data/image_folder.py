"""A folder of image files, as the large datasets of faces and rooms are handed around."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from pydantic import Field
from torch import Tensor

from ogan_bench.data.base import Dataset, Split, data_root
from ogan_bench.errors import UserError

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}


def image_folder(
    *,
    path: str,
    resolution: Annotated[int, Field(ge=8, le=256)] = 128,
    crop: Literal["none", "centre"] = "none",
    test_every: Annotated[int, Field(ge=2)] = 10,
) -> Dataset:
    """All PNG, JPEG and WebP files of a folder and its subfolders, as RGB squares.

    Where every image lies in a subfolder and there are at least two, the subfolders are the
    classes; else there are no labels. Links are refused, hidden files are left out. All images are
    kept in memory: 10,000 of 128 x 128 pixels take 0.5 GB.

    Args:
        path: The folder, within ``$OGAN_BENCH_DATA`` (``data`` if that is not set) or absolute.
        resolution: Height and width in pixels, by Pillow's antialiased bilinear resize.
        crop: ``centre`` cuts the longer side to the shorter one first, as the O-GAN author does
            with LSUN; ``none`` squeezes, as he does with faces.
        test_every: k, where every k-th image in the order of names is a test image.

    Raises:
        UserError: The folder is not there or has too few images, or a file cannot be used.
    """
    folder = data_root() / path
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; image_folder looks for {path!r} in $OGAN_BENCH_DATA"
        )
    files = _files(folder)
    if len(files) < test_every:
        raise UserError(
            f"{folder}: {len(files)} images ({', '.join(sorted(SUFFIXES))}); with "
            f"test_every {test_every} there must be at least as many"
        )
    images = np.empty((len(files), 3, resolution, resolution), np.uint8)
    for i, file in enumerate(files):
        images[i] = _read(file, resolution, crop).transpose(2, 0, 1)
    is_test = torch.arange(len(files)) % test_every == test_every - 1
    classes, labels = _classes(folder, files)
    pixels = torch.from_numpy(images)

    def split(chosen: Tensor) -> Split:
        return Split(pixels[chosen], None if labels is None else labels[chosen])

    return Dataset(
        name="image_folder",
        train=split(~is_test),
        test=split(is_test),
        classes=classes,
        licence="unknown: the user's own files",
    )


def _files(folder: Path) -> list[Path]:
    """The image files, in the order of their names, which is the same on every system.

    Raises:
        UserError: There is a link, which might lead anywhere.
    """
    found = []
    for parent, subfolders, names in os.walk(folder, onerror=_unreadable):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        images = [
            name
            for name in names
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
        ]
        for name in subfolders + images:
            if (link := Path(parent, name)).is_symlink():
                raise UserError(f"{link}: a link; image_folder takes what lies in the folder alone")
        found += [Path(parent, name) for name in images]
    return sorted(found, key=lambda file: file.relative_to(folder).parts)


def _unreadable(error: OSError) -> None:
    raise UserError(f"{error.filename}: cannot be read ({error.strerror})")


def _classes(folder: Path, files: list[Path]) -> tuple[tuple[str, ...], Tensor | None]:
    """Names of the classes and the label of every file; no labels where there are no classes."""
    paths = [file.relative_to(folder).parts for file in files]
    names = sorted({parts[0] for parts in paths})
    if len(names) < 2 or any(len(parts) == 1 for parts in paths):
        return (), None
    return tuple(names), torch.tensor([names.index(parts[0]) for parts in paths])


def _read(file: Path, resolution: int, crop: Literal["none", "centre"]) -> npt.NDArray[np.uint8]:
    """One image as RGB, shape ``(resolution, resolution, 3)``.

    Raises:
        UserError: The file is damaged, is no image, or is suspiciously large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as opened:
                image = opened.convert("RGB")
    except Exception as error:  # what the parser of a foreign file raises is not documented
        raise UserError(
            f"{file}: cannot be read as an image ({error}); mend it or take it away"
        ) from None
    if crop == "centre":
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    return np.asarray(image.resize((resolution, resolution), Image.Resampling.BILINEAR))

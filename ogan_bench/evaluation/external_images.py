"""Images from outside the catalogue: from other tools, and what they are compared with.

Both sides obey the same rules: nothing is cropped, and nothing is resized unless a resize was asked
for; then both sides are resized alike.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ogan_bench.data.base import Dataset, Split
from ogan_bench.data.prepared.prepare import prepared
from ogan_bench.data.reading.image_files import READ, ImageFiles, find_images
from ogan_bench.errors import UserError, did_you_mean
from ogan_bench.evaluation.image_arrays import (
    holds_images,
    holds_statistics,
    image_array,
    read_arrays,
)
from ogan_bench.study import catalogue
from ogan_bench.study.arguments import parse_component
from ogan_bench.study.data_place import located
from ogan_bench.study.parts import build

GREY = ("L", "1")
"""Pillow's modes of greyscale images."""


class ExternalImages(NamedTuple):
    """Images of one set.

    Args:
        images: uint8, shape ``(n, c, h, w)``.
        labels: int64 class indices, shape ``(n,)``, if the file has them.
        content: SHA-256 of the pixels; empty if unknown.
    """

    images: Tensor
    labels: Tensor | None = None
    content: str = ""


def resize_note(side: int) -> str:
    """What rows say if images were resized on request."""
    return f"resized to {side} x {side} (bilinear, antialiased)"


def read_images(path: Path, resize: int | None = None) -> ExternalImages:
    """Images written by another tool.

    Args:
        path: An .npz file with ``images`` or ``arr_0``, optionally ``labels`` or ``arr_1``; an
            .npy file; or a folder of image files. Arrays are uint8 with 1 or 3 channels, first or
            last.
        resize: Height and width to resize square images to; ``None``: they must be of one size.

    Raises:
        UserError: There is no such file or folder, or it is not of that form.
    """
    if path.is_dir():
        return _folder(path, resize)
    arrays = read_arrays(path)
    if holds_statistics(arrays) and not holds_images(arrays):
        raise UserError(
            f"{path}: mean and covariance of features, not images; --statistics-of names the "
            "feature space that they were computed in"
        )
    images, labels = image_array(path, arrays)
    if resize is not None:
        images = _resized(path, images, resize)
    return ExternalImages(images, labels)


def reference_dataset(
    reference: str, settings: Sequence[str], images: Tensor, resize: int | None = None
) -> Dataset:
    """The dataset that images are compared with.

    Args:
        reference: Name of a dataset, whose resolution becomes that of the images if it can; or a
            folder or file as for :func:`read_images`, all of whose images are the reference.
        settings: ``key=value``, parameters of the dataset.
        images: Shape ``(n, c, h, w)``.
        resize: As for :func:`read_images`.

    Raises:
        UserError: There is no such dataset, folder or file, or its images are of another shape.
    """
    channels, height, width = images.shape[1:]
    known = catalogue.parts("datasets")
    if reference in known:
        takes = [parameter.name for parameter in known[reference].parameters]
        given = [setting.partition("=")[0] for setting in settings]
        if "resolution" in takes and "resolution" not in given:
            settings = [*settings, f"resolution={height}"]
        dataset: Dataset = build(
            "datasets", located(parse_component("datasets", reference, settings), Path.cwd())
        )
        if dataset.is_points:
            raise UserError(f"--reference {reference}: points, not images")
        if resize is not None and dataset.shape[1:] != (resize, resize):
            dataset = _resized_dataset(dataset, resize)
    elif Path(reference).exists():
        if settings:
            raise UserError("--set is for a dataset of the catalogue; files are taken as they are")
        found = read_images(Path(reference), resize)
        labels: Tensor | None = None
        classes: tuple[str, ...] = ()
        if found.labels is not None:  # numbered without gaps: 10,000 may be the only class
            values, labels = found.labels.unique(return_inverse=True)
            classes = tuple(map(str, values.tolist()))
        split = Split(found.images, labels, content=found.content)
        name = Path(reference).stem
        dataset = Dataset(name, split, split, classes, "unknown: the user's own files")
    else:
        raise UserError(
            f"--reference {reference}: no such folder or file, and no such dataset."
            f"{did_you_mean(reference, known)}"
        )
    if dataset.shape != (channels, height, width):
        raise UserError(
            f"--generated has images of shape {(channels, height, width)}, --reference {reference} "
            f"of {tuple(dataset.shape)}: they must be alike; how images are resized changes every "
            "metric, so it is left to you, or to --resize for both sets"
        )
    return dataset


def _folder(path: Path, resize: int | None) -> ExternalImages:
    """All images of a folder; greyscale if all of them are.

    Raises:
        UserError: There are none, or they are not squares, of one size unless they are resized.
    """
    names = find_images(path)
    if not names:
        raise UserError(f"{path}: no {READ} image in it")
    files = ImageFiles(path, names)
    headers = [_header(files, i) for i in range(len(names))]
    sizes = {header.size: name for header, name in zip(headers, names, strict=True)}
    oblong = [(size, name) for size, name in sizes.items() if size[0] != size[1]]
    if oblong or (resize is None and len(sizes) > 1):
        shown = oblong if resize is not None else list(sizes.items())
        found = ", ".join(f"{name}: {w} x {h}" for (w, h), name in shown[:2])
        mend = "crop them first" if resize is not None else "resize them first, or say --resize"
        raise UserError(
            f"{path}: images must be squares{'' if resize else ' of one size'} ({found}); {mend}, "
            "for how it is done changes every metric"
        )
    side = resize or next(iter(sizes))[0]
    channels: Literal[1, 3] = 1 if all(header.mode in GREY for header in headers) else 3
    kept = prepared("loose", files, resolution=side, crop="none", channels=channels)
    whole = kept.split(0, len(names))
    return ExternalImages(whole.images, None, whole.content)


def _resized(path: Path | str, images: Tensor, side: int) -> Tensor:
    """Square images with the filter that image files are resized with."""
    height, width = images.shape[2:]
    if height != width:
        raise UserError(
            f"{path}: images must be squares ({width} x {height}); crop them first, for how it is "
            "done changes every metric"
        )
    if height == side:
        return images
    channels = images.shape[1]
    resized = torch.empty(len(images), channels, side, side, dtype=torch.uint8)
    for i, image in enumerate(images.permute(0, 2, 3, 1).numpy()):
        picture = Image.fromarray(image[:, :, 0] if channels == 1 else np.ascontiguousarray(image))
        small = np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))
        resized[i] = torch.from_numpy(small.reshape(side, side, channels).transpose(2, 0, 1).copy())
    return resized


def _resized_dataset(dataset: Dataset, side: int) -> Dataset:
    """A dataset of the catalogue that has no resolution of its own to set."""

    def split(whole: Split) -> Split:
        return replace(whole, images=_resized(dataset.name, whole.images, side), content="")

    return replace(dataset, train=split(dataset.train), test=split(dataset.test))


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

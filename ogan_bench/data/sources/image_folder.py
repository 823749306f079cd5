"""A folder of image files, as large datasets of faces and scenes are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import torch
from pydantic import Field, NonNegativeInt
from torch import Tensor

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.prepared.prepare import Treatment, prepared
from ogan_bench.data.reading.image_files import ImageFiles, find_images
from ogan_bench.data.reading.splits import every_kth, train_first
from ogan_bench.errors import UserError


def image_folder(
    *,
    path: str,
    resolution: Annotated[int, Field(ge=8, le=256)] = 128,
    crop: Literal["refuse", "none", "centre"] = "refuse",
    alpha: Literal["refuse", "drop", "black", "grey", "white"] = "refuse",
    orientation: Literal["refuse", "apply", "ignore"] = "refuse",
    profile: Literal["refuse", "srgb", "ignore"] = "refuse",
    depth: Literal["refuse", "reduce"] = "refuse",
    test_every: Annotated[int, Field(ge=2)] = 10,
    max_bad: NonNegativeInt = 0,
) -> Dataset:
    """All image files of a folder and its subfolders, as RGB squares.

    PNG, JPEG, WebP, BMP, TIFF, GIF and AVIF files are read. An image that would change on the way
    in is refused by name unless a parameter says how to treat it.

    If every image is in a subfolder and there are at least two subfolders, these are the classes;
    otherwise there are no labels. Links and archives are rejected, hidden files are skipped. The
    images are prepared once and stay on disk: 10,000 of 128 x 128 pixels take 0.5 GB.

    Args:
        path: The folder, within ``$OGAN_BENCH_DATA`` (``data`` if that is not set) or absolute.
        resolution: Height and width in pixels, by Pillow's antialiased bilinear resize.
        crop: ``centre`` crops the longer side to the shorter one first, as the O-GAN author does
            with LSUN, ``none`` squeezes, as he does with faces; ``refuse`` takes squares only.
        alpha: Transparent pixels are put on ``black``, ``grey`` or ``white``, or alpha is dropped,
            so that hidden colours count.
        orientation: EXIF's is applied, or ignored, so that pixels stay as they are stored.
        profile: Colours of a profile that is not sRGB, or CMYK: converted to ``srgb``, or the
            profile is ignored.
        depth: 16 bits per channel: ``reduce`` takes the upper 8.
        test_every: k, where every k-th image in the order of names is a test image.
        max_bad: How many unusable images may be left out: damaged, animated, refused, larger than
            Pillow's limit, or more than 10 times as long as wide.

    Raises:
        UserError: The folder is missing or has too few images, or a file cannot be used.
    """
    folder = data_root() / path
    if not folder.exists():
        raise UserError(
            f"{folder}: no such folder; image_folder looks for {path!r} in $OGAN_BENCH_DATA"
        )
    found = find_images(folder)
    order, n_train = train_first(every_kth(len(found), test_every, folder))
    names = [found[i] for i in order.tolist()]
    classes, labels = _classes(names)
    store = prepared(
        "image_folder",
        ImageFiles(folder, names),
        resolution=resolution,
        crop=crop,
        treatment=Treatment(alpha, orientation, profile, depth),
        max_bad=max_bad,
    )
    return Dataset(
        name="image_folder",
        train=store.split(0, n_train, labels=labels),
        test=store.split(n_train, len(names), labels=labels),
        classes=classes,
        licence="unknown: the user's own files",
    )


def _classes(names: Sequence[str]) -> tuple[tuple[str, ...], Tensor | None]:
    """Names of the classes and the label of every file; no labels if there are no classes."""
    subfolders = [name.rpartition("/")[0].partition("/")[0] for name in names]
    classes = sorted(set(subfolders))
    if len(classes) < 2 or "" in classes:
        return (), None
    index = {name: i for i, name in enumerate(classes)}
    return tuple(classes), torch.tensor([index[name] for name in subfolders])

"""A folder of image files, as large datasets of faces and scenes are distributed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field, NonNegativeInt
from torch import Tensor

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.prepared.leakage import refuse_leakage, treatment_and_leakage
from ogan_bench.data.prepared.prepare import Treatment, prepared
from ogan_bench.data.reading.image_files import ImageFiles, find_images
from ogan_bench.data.reading.split_names import (
    REMEDY,
    Members,
    chosen,
    files_of_splits,
    members,
    split_named,
)
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
    small: Literal["refuse", "enlarge"] = "refuse",
    channels: Literal[1, 3] = 3,
    train: str = "",
    test: str = "",
    test_every: Annotated[int, Field(ge=2)] = 10,
    duplicates: Literal["refuse", "keep"] = "refuse",
    max_bad: NonNegativeInt = 0,
) -> Dataset:
    """All image files of a folder and its subfolders, as squares.

    PNG, JPEG, WebP, BMP, TIFF, GIF and AVIF files are read. An image that would change on the way
    in is refused by name unless a parameter says how to treat it.

    Subfolders that are named after splits, in any usual spelling, hold those splits; images of
    validation are left out if there are test images, else they are the test images. Without such
    subfolders every k-th image is a test image. If every image is in a further subfolder, and there
    are at least two, these are the classes; otherwise there are no labels. Links and archives are
    rejected, hidden files are skipped. The images are prepared once and stay on disk: 10,000 of
    128 x 128 pixels take 0.5 GB.

    Args:
        path: The folder, within ``$OGAN_BENCH_DATA`` (``data`` if that is not set) or absolute;
            one that begins with ``./`` or ``../`` starts at the study file.
        resolution: Height and width in pixels, by Pillow's antialiased bilinear resize.
        crop: ``centre`` crops the longer side to the shorter one first, as the O-GAN author does
            with LSUN, ``none`` squeezes, as he does with faces; ``refuse`` takes squares only.
        alpha: Transparent pixels are put on ``black``, ``grey`` or ``white``, or alpha is dropped,
            so that hidden colours count.
        orientation: EXIF's is applied, or ignored, so that pixels stay as they are stored.
        profile: Colours that are not sRGB, or CMYK: converted to ``srgb`` by the file's profile, or
            left as they are stored.
        depth: 16 bits per channel: ``reduce`` takes the upper 8.
        small: An image that has fewer pixels, once cropped, than ``resolution`` is enlarged.
        channels: 3: RGB; 1: grey, to which colours are converted (ITU-R 601 luma).
        train: The subfolder of the training images, a pattern; ``.``: no subfolder is a split, all
            may be classes; empty: that named after training.
        test: The subfolder of the test images; empty: that named after test.
        test_every: k, where every k-th image in the order of names is a test image if there is no
            test split.
        duplicates: Whether a test image may also be a training image, pixel by pixel.
        max_bad: How many unusable images may be left out: damaged, animated, refused, larger than
            Pillow's limit, or more than 10 times as long as wide.

    Raises:
        UserError: The folder is missing or has too few images, a file cannot be used, or it is
            unclear which images belong to which split.
    """
    folder = data_root() / path
    if not folder.exists():
        looked = "" if Path(path).is_absolute() else f"; looked for {path!r} in $OGAN_BENCH_DATA"
        raise UserError(f"{folder}: no such folder{looked}")
    found = find_images(folder)
    members, classes_of = _members(found, train, test, folder)
    names, n_train = [*members.train, *members.test], len(members.train)
    if not members.test:
        order, n_train = train_first(every_kth(len(names), test_every, folder))
        names = [names[i] for i in order.tolist()]
    classes, labels = _labels([classes_of[name] for name in names])
    store = prepared(
        "image_folder",
        ImageFiles(folder, names),
        resolution=resolution,
        crop=crop,
        channels=channels,
        treatment=Treatment(alpha, orientation, profile, depth),
        small=small,
        max_bad=max_bad,
    )
    if duplicates == "refuse":
        refuse_leakage(store, names, n_train, folder)
    return Dataset(
        name="image_folder",
        train=store.split(0, n_train, labels=labels),
        test=store.split(n_train, len(names), labels=labels),
        classes=classes,
        treatment=treatment_and_leakage(store, n_train),
        licence="unknown: the user's own files",
    )


def _members(
    names: Sequence[str], train: str, test: str, folder: Path
) -> tuple[Members, dict[str, str]]:
    """The images of each split, and the subfolder that would be the class of every image.

    Raises:
        UserError: It is unclear which images belong to which split.
    """
    folders = {name: name.split("/")[:-1] for name in names}
    if train or test:
        found = chosen(names, train, test, folder)
        depths = {
            name: 0 if pattern == "." else pattern.count("/") + 1
            for pattern, split in ((train, found.train), (test, found.test))
            for name in split
        }
        return found, {name: _first(folders[name][depth:]) for name, depth in depths.items()}
    for depth in range(max(map(len, folders.values()), default=0)):
        splits = [
            (name, split_named(parts[depth]) if depth < len(parts) else None)
            for name, parts in folders.items()
        ]
        if any(split for _, split in splits):
            within = {name: _first(parts[depth + 1 :]) for name, parts in folders.items()}
            if not any(within.values()):  # the splits are in the classes
                within = {name: _first(parts[:depth]) for name, parts in folders.items()}
            return members(splits, folder), within
    if files_of_splits(names):
        raise UserError(f"{folder}: files such as {names[0]} are named after splits; {REMEDY}")
    return Members(list(names), []), {name: _first(parts) for name, parts in folders.items()}


def _first(parts: Sequence[str]) -> str:
    return parts[0] if parts else ""


def _labels(subfolders: Sequence[str]) -> tuple[tuple[str, ...], Tensor | None]:
    """Names of the classes and the label of every image; no labels if there are no classes."""
    classes = sorted(set(subfolders))
    if len(classes) < 2 or "" in classes:
        return (), None
    index = {name: i for i, name in enumerate(classes)}
    return tuple(classes), torch.tensor([index[name] for name in subfolders])

"""Images from outside the catalogue: from other tools, and what they are compared with.

Both sides obey the same rules: nothing is changed unless that was asked for, and then on both sides
alike.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ogan_bench.data.base import Dataset, Split
from ogan_bench.data.prepared.decoding import FORMATS, prepared_image
from ogan_bench.data.prepared.prepare import prepared, preparing
from ogan_bench.data.prepared.treatment import GREY, UnusableError, described
from ogan_bench.data.reading.image_files import READ, ImageFiles, find_images
from ogan_bench.data.reading.parquet_labels import UNLABELLED
from ogan_bench.data.reading.split_names import mixed_splits
from ogan_bench.errors import UserError, did_you_mean
from ogan_bench.evaluation.external_treatment import AS_THEY_ARE, OF_FILES, Asked
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

MEND = (
    "say how to treat them (--crop, --alpha, --orientation, --profile, --depth), or --max-bad "
    "{count} to leave them out"
)
"""What to do about unusable images; the options are for both sides."""
SQUARE = "--crop centre crops them, --crop none with --resize N squeezes them"
"""What to do about images that are no squares."""


NO_LABELS, LEAVE_OUT = OF_LABELS = ("label=none", "unlabelled=leave_out")
"""Settings of a reference file, as ``parquet`` has them."""


class ExternalImages(NamedTuple):
    """Images of one set.

    Args:
        images: uint8, shape ``(n, c, h, w)``.
        labels: int64 class indices, shape ``(n,)``, if the file has them.
        content: SHA-256 of the pixels; empty if unknown.
        treatment: What was done to them, for their rows; empty if nothing was.
    """

    images: Tensor
    labels: Tensor | None = None
    content: str = ""
    treatment: str = ""


class Reference(NamedTuple):
    """What images are compared with.

    Args:
        dataset: Its training images are the reference.
        treatment: What was done to them, for the rows; empty if nothing was.
    """

    dataset: Dataset
    treatment: str = ""


def read_images(path: Path, asked: Asked = AS_THEY_ARE) -> ExternalImages:
    """Images written by another tool.

    Args:
        path: An .npz file with ``images`` or ``arr_0``, optionally ``labels`` or ``arr_1``; an
            .npy file; or a folder of image files. Arrays are uint8 with 1 or 3 channels, first or
            last.
        asked: How to treat them. What would change without being asked for is refused.

    Raises:
        UserError: There is no such file or folder, it is not of that form, or images are refused.
    """
    if path.is_dir():
        return _folder(path, asked)
    arrays = read_arrays(path)
    if holds_statistics(arrays) and not holds_images(arrays):
        raise UserError(
            f"{path}: mean and covariance of features, not images; --statistics-of names the "
            "feature space that they were computed in"
        )
    images, labels = image_array(path, arrays)
    of_arrays = {key: value for key, value in asked.parameters().items() if key not in OF_FILES}
    done = described(of_arrays, asked.resize)
    return ExternalImages(_squares(path, images, asked), labels, treatment=done)


def reference_dataset(
    reference: str, settings: Sequence[str], images: Tensor, asked: Asked = AS_THEY_ARE
) -> Reference:
    """The dataset that images are compared with.

    Args:
        reference: Name of a dataset, whose resolution becomes that of the images if it can; or a
            folder or file as for :func:`read_images`, all of whose images are the reference.
        settings: ``key=value``, parameters of the dataset; of a file, those of its labels.
        images: Shape ``(n, c, h, w)``.
        asked: As for :func:`read_images`; a dataset is treated so where it has such parameters.

    Raises:
        UserError: There is no such dataset, folder or file, or its images are of another shape.
    """
    channels, height, width = images.shape[1:]
    known = catalogue.parts("datasets")
    if reference in known:
        found = _catalogued(reference, settings, height, asked)
    elif Path(reference).exists():
        found = _of_files(Path(reference), settings, asked)
    else:
        raise UserError(
            f"--reference {reference}: no such folder or file, and no such dataset."
            f"{did_you_mean(reference, known)}"
        )
    if found.dataset.shape != (channels, height, width):
        mend = (
            "how images are resized changes every metric, so it is left to you, or to --resize for "
            "both sides"
            if found.dataset.shape.channels == channels
            else "one side is grey and the other in colour, so save both as one of them"
        )
        raise UserError(
            f"--generated has images of shape {(channels, height, width)}, --reference {reference} "
            f"of {tuple(found.dataset.shape)}: they must be alike; {mend}"
        )
    return found


def check_has_meaning(asked: Asked, generated: Sequence[Path], reference: str) -> None:
    """Refuse what is asked of image files where neither side has any.

    Raises:
        UserError: An option would change nothing.
    """
    known = catalogue.parts("datasets").get(reference)
    takes = [parameter.name for parameter in known.parameters] if known else []
    if any(path.is_dir() for path in generated) or (not known and Path(reference).is_dir()):
        return
    for key in asked.parameters():
        if key in OF_FILES and key not in takes:
            raise UserError(
                f"--{key.replace('_', '-')} is for image files; neither side is a folder of them"
            )


def _catalogued(reference: str, settings: Sequence[str], height: int, asked: Asked) -> Reference:
    """A dataset of the catalogue, treated as was asked unless its own settings say otherwise."""
    takes = [parameter.name for parameter in catalogue.parts("datasets")[reference].parameters]
    given = [setting.partition("=")[0] for setting in settings]
    both = {"resolution": height, "small": asked.small, **asked.parameters()}
    further = [f"{key}={value}" for key, value in both.items() if key in takes and key not in given]
    component = parse_component("datasets", reference, [*settings, *further])
    with preparing() as opened:
        dataset: Dataset = build("datasets", located(component, Path.cwd()))
    if dataset.is_points:
        raise UserError(f"--reference {reference}: points, not images")
    if asked.resize is not None and dataset.shape[1:] != (asked.resize, asked.resize):
        dataset = _squared(dataset, asked)
    defaults = type(component).model_fields
    changed = {
        key: value
        for key, value in component.parameters().items()
        if key not in ("path", "small" if asked.resize else "") and value != defaults[key].default
    }
    left_out = sum(len(store.meta().unusable) for store in opened)
    return Reference(dataset, described(changed, asked.resize, left_out))


def _of_files(path: Path, settings: Sequence[str], asked: Asked) -> Reference:
    """All images of a folder or file; the labels of a file are numbered without gaps.

    Raises:
        UserError: The settings are of something else than labels, or images have none.
    """
    for setting in settings:
        if setting not in OF_LABELS or path.is_dir():
            raise UserError(
                f"--set {setting}: {path} is no dataset of the catalogue; a file takes "
                f"{' and '.join(OF_LABELS)}"
            )
    images, labels, content, treatment = read_images(path, asked)
    done = [treatment] if treatment else []
    if NO_LABELS in settings:
        labels = None
        done.append("label none")
    classes: tuple[str, ...] = ()
    if labels is not None:
        known = labels != UNLABELLED
        without = int((~known).sum())
        if without and (LEAVE_OUT not in settings or without == len(labels)):
            mend = f"--set {LEAVE_OUT} to leave them out, or " if without < len(labels) else ""
            raise UserError(
                f"{path}: {without} images without a label, which is what -1 means: say {mend}"
                f"--set {NO_LABELS} to read no labels"
            )
        if without:
            images, labels, content = images[known], labels[known], ""
            done.append(f"{without} without a label left out")
        values, labels = labels.unique(return_inverse=True)  # 10,000 may be the only class
        classes = tuple(map(str, values.tolist()))
    split = Split(images, labels, content=content)
    dataset = Dataset(path.stem, split, split, classes, "unknown: the user's own files")
    return Reference(dataset, ", ".join(done))


def _folder(path: Path, asked: Asked) -> ExternalImages:
    """All images of a folder; greyscale if all of them are.

    Raises:
        UserError: There are none, they would have to be changed in a way that nobody asked for, or
            they are of different sizes.
    """
    names = find_images(path)
    if not names:
        raise UserError(f"{path}: no {READ} image in it")
    if mixed := mixed_splits(names):
        raise UserError(
            f"{path}: {' and '.join(mixed[:3])} {'are' if len(mixed) > 1 else 'is'} named like "
            "splits, which are not mixed into one set; name the folder of one, or put the images "
            "that are one set into a folder of their own"
        )
    files = ImageFiles(path, names)
    headers = {name: header for i, name in enumerate(names) if (header := _header(files, i))}
    kept = prepared(
        "image_files",
        files,
        resolution=_side(path, headers, asked),
        crop=asked.crop,
        channels=1 if all(header.is_grey for header in headers.values()) else 3,
        treatment=asked.treatment,
        small=asked.small,
        max_bad=asked.max_bad,
        place=path,
        mend=MEND,
    )
    whole = kept.split(0, len(names))
    left_out = len(names) - len(whole)
    done = described(asked.parameters(), asked.resize, left_out)
    return ExternalImages(whole.images, None, whole.content, done)


class _Header(NamedTuple):
    width: int
    height: int
    is_grey: bool


def _header(files: ImageFiles, i: int) -> _Header | None:
    """What an image file says of itself, or ``None`` if preparing will say why it is unusable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(files.read(i)), formats=FORMATS) as image:
                return _Header(*image.size, image.mode in GREY or image.mode.startswith("I;16"))
    except Exception:  # the errors of the image parser are not documented
        return None


def _side(path: Path, headers: Mapping[str, _Header], asked: Asked) -> int:
    """Height and width to prepare images with: what was asked for, or what all have once cropped.

    Raises:
        UserError: The images are not alike, and nobody said what to do.
    """
    sides: dict[int, str] = {}
    oblong = []
    for name, header in headers.items():
        shown = f"{name}: {header.width} x {header.height}"
        if asked.crop == "centre" or header.width == header.height:
            sides.setdefault(min(header.width, header.height), shown)
        else:
            oblong.append(shown)
    if asked.crop == "refuse" and len(oblong) > asked.max_bad:
        others = f", and {len(oblong) - 1} more" if len(oblong) > 1 else ""
        raise UserError(
            f"{path}: images must be squares ({oblong[0]}{others}); {SQUARE}, for how it is done "
            "changes every metric"
        )
    if asked.resize is not None:
        return asked.resize
    if asked.crop == "none" and oblong:
        raise UserError(f"{path}: --crop none squeezes images ({oblong[0]}); say --resize N too")
    if len(sides) > 1:
        found = ", ".join([*sides.values()][:2])
        raise UserError(
            f"{path}: images must be of one size ({found}); resize them first, or say --resize N, "
            "for how it is done changes every metric"
        )
    return next(iter(sides), 1)  # without any, preparing says why each image is unusable


def _squares(path: Path | str, images: Tensor, asked: Asked) -> Tensor:
    """Images of an array, cropped and resized like image files.

    Raises:
        UserError: They are no squares, and have to be.
    """
    channels, height, width = images.shape[1:]
    cropped = min(height, width) if asked.crop == "centre" else None
    side = asked.resize or cropped
    if side is None or (height, width) == (side, side):
        return images
    if asked.crop == "refuse" and height != width:
        raise UserError(
            f"{path}: images must be squares ({width} x {height}); {SQUARE}, for how it is done "
            "changes every metric"
        )
    recipe = asked.recipe(side, channels)
    squares = torch.empty(len(images), *recipe.shape, dtype=torch.uint8)
    for i, image in enumerate(images.permute(0, 2, 3, 1).numpy()):
        picture = Image.fromarray(image[:, :, 0] if channels == 1 else np.ascontiguousarray(image))
        try:
            squares[i] = torch.from_numpy(prepared_image(picture, b"", recipe).copy())
        except UnusableError as error:
            raise UserError(f"{path}: {error}") from None
    return squares


def _squared(dataset: Dataset, asked: Asked) -> Dataset:
    """A dataset of the catalogue that has no resolution of its own to set."""

    def split(whole: Split) -> Split:
        return replace(whole, images=_squares(dataset.name, whole.images, asked), content="")

    return replace(dataset, train=split(dataset.train), test=split(dataset.test))

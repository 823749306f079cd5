"""Parquet files of encoded images, as Hugging Face distributes datasets."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import Field, NonNegativeInt
from torch import Tensor

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.prepared.leakage import refuse_leakage, treatment_and_leakage
from ogan_bench.data.prepared.prepare import Treatment, prepared
from ogan_bench.data.reading.parquet_cells import Cells, Table
from ogan_bench.data.reading.parquet_labels import UNLABELLED, read_labels
from ogan_bench.data.reading.split_names import SplitName, chosen, members, split_named
from ogan_bench.data.reading.splits import every_kth, train_first
from ogan_bench.errors import UserError

NO_LABELS = "none"
"""In place of a column of labels: none is read."""
CLASS_WORDS = {"label", "labels", "class", "classes", "category", "categories", "target", "targets"}
"""In the names of columns that may be of classes."""

NO_CHANCE = 10
"""Expected test images of a class of which there are none: in random order, p = 5e-5 at most."""


def parquet(
    *,
    path: str,
    image: str = "",
    label: str = "",
    unlabelled: Literal["refuse", "leave_out"] = "refuse",
    resolution: Annotated[int, Field(ge=8, le=256)] = 64,
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
    """Images in the parquet files of a Hugging Face dataset, as squares.

    The column of images holds encoded files: bytes, or a struct with a field ``bytes``. In a
    folder, files hold the split that they or their folder are named after, in any usual spelling;
    those of validation are left out if there are test files, else they hold the test images. If no
    file is named after a split, or ``path`` is one file, every k-th row is a test image. An image
    that would change on the way in is refused by name unless a parameter says how to treat it.
    Nothing is downloaded or unpickled. The licence is that of the source.

    Args:
        path: A file or a folder, within ``$OGAN_BENCH_DATA`` (``data`` if that is not set) or
            absolute; one that begins with ``./`` or ``../`` starts at the study file.
        image: The column of images; empty: the only possible one.
        label: The column of labels, integers or text; ``none``: no labels; empty: the only one that
            Hugging Face's metadata declare as classes, else ``label``, else no labels, unless the
            name of another column says that it may hold them.
        unlabelled: Whether rows without a label, or with the label -1, are left out.
        resolution: Height and width in pixels.
        crop: ``centre`` crops the longer side to the shorter one, ``none`` squeezes; ``refuse``
            takes squares only.
        alpha: Transparent pixels are put on ``black``, ``grey`` or ``white``, or alpha is dropped,
            so that hidden colours count.
        orientation: EXIF's is applied, or ignored, so that pixels stay as they are stored.
        profile: Colours that are not sRGB, or CMYK: converted to ``srgb`` by the file's profile, or
            left as they are stored.
        depth: 16 bits per channel: ``reduce`` takes the upper 8.
        small: An image that has fewer pixels, once cropped, than ``resolution`` is enlarged.
        channels: 3: RGB; 1: grey, to which colours are converted (ITU-R 601 luma).
        train: The files or folder of the training images, a pattern; ``.``: no name is a split's;
            empty: those named after training.
        test: Likewise of the test images.
        test_every: k, where every k-th row is a test image if there are no test files.
        duplicates: Whether a test image may also be a training image, pixel by pixel.
        max_bad: How many unusable images may be left out.

    Raises:
        UserError: A file or column is missing, cannot be read, or does not match the others.
    """
    place = data_root() / path
    files = _files(place, train, test)
    table = Table.of(files.train + files.test)
    is_test = torch.arange(len(table)) >= len(Table.of(files.train))
    image = image or _image_column(table)
    table.require(image)
    classes, labels = _labels(table, label or _label_column(table), place)
    rows = torch.arange(len(table))
    if labels is not None:
        rows = _labelled_rows(labels, unlabelled, place)
    if files.test:
        is_test = is_test[rows]
    else:
        is_test = every_kth(len(rows), test_every, place)
        if labels is not None:
            _check_classes(labels[rows], is_test, classes, test_every, place)
    order, n_train = train_first(is_test)
    rows = rows[order]
    if not 0 < n_train < len(rows):
        raise UserError(f"{place}: no labelled rows in one split; set train, test or label=none")
    known = None if labels is None else labels[rows]
    cells = Cells(table, image, rows.tolist())
    store = prepared(
        "parquet",
        cells,
        resolution=resolution,
        crop=crop,
        channels=channels,
        treatment=Treatment(alpha, orientation, profile, depth),
        small=small,
        max_bad=max_bad,
    )
    if duplicates == "refuse":
        refuse_leakage(store, cells.names, n_train, place)
    return Dataset(
        name="parquet",
        train=store.split(0, n_train, labels=known),
        test=store.split(n_train, len(rows), labels=known),
        classes=classes,
        treatment=treatment_and_leakage(store, n_train),
        licence="unknown: that of the source",
    )


class _Files(NamedTuple):
    train: list[Path]
    test: list[Path]


def _files(place: Path, train: str, test: str) -> _Files:
    """The files of training and of test images, in the order of their names.

    Raises:
        UserError: There are no training files, or it is unclear which they are.
    """
    if place.is_file():
        if train or test:
            raise UserError(f"{place}: one file; train and test choose among those of a folder")
        return _Files([place], [])
    if not place.is_dir():
        raise UserError(f"{place}: neither a parquet file nor a folder of them")
    paths = (file.relative_to(place) for file in sorted(place.rglob("*.parquet")))
    names = [
        path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts)
    ]
    if not names:
        raise UserError(f"{place}: no parquet files in it")
    if train or test:
        found = chosen(names, train, test, place)
    else:
        found = members([(name, _split(name)) for name in names], place)
    return _Files(*([place / name for name in split] for split in found))


def _split(name: str) -> SplitName | None:
    """The split that a file is named after, else the nearest folder that is."""
    parts = name.removesuffix(".parquet").split("/")
    return next(filter(None, map(split_named, reversed(parts))), None)


def _image_column(table: Table) -> str:
    """The only column that can hold images: of structs with ``bytes``, else of bytes.

    Raises:
        UserError: There is none, or more than one.
    """
    from pyarrow import types

    def is_bytes(kind: Any) -> bool:
        return bool(types.is_binary(kind) or types.is_large_binary(kind))

    fields = list(table.schema)
    structs = [
        field.name
        for field in fields
        if types.is_struct(field.type)
        and any(inner.name == "bytes" and is_bytes(inner.type) for inner in field.type)
    ]
    found = structs or [field.name for field in fields if is_bytes(field.type)]
    if len(found) != 1:
        raise UserError(
            f"{table.files[0]}: {len(found)} columns could hold images ({', '.join(found)}); set "
            f"data.image to one of {', '.join(table.schema.names)}"
        )
    return str(found[0])


def _features(table: Table) -> dict[str, Any]:
    """Hugging Face's metadata of the columns; empty if there are none."""
    try:
        metadata = json.loads((table.schema.metadata or {})[b"huggingface"])
        return dict(metadata["info"]["features"])
    except (KeyError, TypeError, ValueError):
        return {}


def _label_column(table: Table) -> str:
    """The column of classes, or :data:`NO_LABELS`.

    Raises:
        UserError: There is more than one, or another one may be it.
    """
    found = [
        name
        for name, feature in _features(table).items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    ]
    if len(found) > 1:
        raise UserError(
            f"{table.files[0]}: several columns of classes ({', '.join(found)}); set data.label to "
            "one"
        )
    if not found and "label" in table.schema.names:
        return "label"
    if not found and (likely := [field.name for field in table.schema if _may_be_classes(field)]):
        raise UserError(
            f"{table.files[0]}: {', '.join(map(repr, likely))} may be the classes; set data.label "
            f"to the column of the classes, or to {NO_LABELS}"
        )
    return found[0] if found else NO_LABELS


def _check_classes(
    labels: Tensor, is_test: Tensor, classes: Sequence[str], k: int, place: Path
) -> None:
    """Refuse every k-th row as a test image where the rows come in an order of their classes.

    Raises:
        UserError: A class has no test image, and so many rows that this is no chance.
    """
    counts = labels.bincount(minlength=len(classes))
    tested = labels[is_test].bincount(minlength=len(classes))
    for of_class in ((counts >= NO_CHANCE * k) & (tested == 0)).nonzero().flatten().tolist():
        raise UserError(
            f"{place}: no row of the class {classes[of_class]!r} is a test image if one in {k} "
            "rows is: set test_every to a number that the order of the rows does not follow, or "
            "train and test to files"
        )


def _may_be_classes(column: Any) -> bool:
    """Whether a column of the schema has the usual name of classes, and a type that they have."""
    from pyarrow import types

    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    is_named = bool(set(re.split(r"[^a-z]+", column.name.lower())) & CLASS_WORDS)
    return is_named and (types.is_integer(kind) or types.is_string(kind))


def _labels(table: Table, column: str, place: Path) -> tuple[tuple[str, ...], Tensor | None]:
    """Names of the classes and the label of every row, -1 for none.

    Raises:
        UserError: The column cannot be one of classes.
    """
    if column == NO_LABELS:
        return (), None
    feature = _features(table).get(column)
    names = feature.get("names") if isinstance(feature, dict) else None
    classes, labels = read_labels(table, column, names or None)
    if not classes:
        raise UserError(f"{place}: no label in the column {column!r}; set data.label to none")
    return classes, labels


def _labelled_rows(labels: Tensor, unlabelled: str, place: Path) -> Tensor:
    """The rows that have a label, ascending.

    Raises:
        UserError: Some have none, and they are not to be left out.
    """
    rows = (labels != UNLABELLED).nonzero()[:, 0]
    without = len(labels) - len(rows)
    if without and unlabelled == "refuse":
        raise UserError(
            f"{place}: {without} rows without a label, or with the label -1: set "
            "unlabelled=leave_out to leave them out, or label=none to read no labels"
        )
    return rows

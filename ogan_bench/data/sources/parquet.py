"""Parquet files of encoded images, as Hugging Face distributes datasets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import Field, NonNegativeInt
from torch import Tensor

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.prepared.leakage import refuse_leakage
from ogan_bench.data.prepared.prepare import Treatment, prepared
from ogan_bench.data.reading.download import class_labels
from ogan_bench.data.reading.parquet_cells import Cells, Table
from ogan_bench.data.reading.split_names import SplitName, chosen, members, split_named
from ogan_bench.data.reading.splits import every_kth, train_first
from ogan_bench.errors import UserError


def parquet(
    *,
    path: str,
    image: str = "",
    label: str = "",
    resolution: Annotated[int, Field(ge=8, le=256)] = 64,
    crop: Literal["refuse", "none", "centre"] = "refuse",
    alpha: Literal["refuse", "drop", "black", "grey", "white"] = "refuse",
    orientation: Literal["refuse", "apply", "ignore"] = "refuse",
    profile: Literal["refuse", "srgb", "ignore"] = "refuse",
    depth: Literal["refuse", "reduce"] = "refuse",
    train: str = "",
    test: str = "",
    test_every: Annotated[int, Field(ge=2)] = 10,
    duplicates: Literal["refuse", "keep"] = "refuse",
    max_bad: NonNegativeInt = 0,
) -> Dataset:
    """Images in the parquet files of a Hugging Face dataset, as RGB squares.

    The column of images holds encoded files: bytes, or a struct with a field ``bytes``. In a
    folder, files hold the split that they or their folder are named after, in any usual spelling;
    those of validation are left out if there are test files, else they hold the test images. If no
    file is named after a split, or ``path`` is one file, every k-th row is a test image. An image
    that would change on the way in is refused by name unless a parameter says how to treat it.
    Nothing is downloaded or unpickled. The licence is that of the source.

    Args:
        path: A file or a folder, within ``$OGAN_BENCH_DATA`` (``data`` if that is not set) or
            absolute.
        image: The column of images; empty: the only possible one.
        label: The column of labels, which are integers; empty: the only one that Hugging Face's
            metadata declare as classes, else ``label``, else no labels.
        resolution: Height and width in pixels.
        crop: ``centre`` crops the longer side to the shorter one, ``none`` squeezes; ``refuse``
            takes squares only.
        alpha: Transparent pixels are put on ``black``, ``grey`` or ``white``, or alpha is dropped,
            so that hidden colours count.
        orientation: EXIF's is applied, or ignored, so that pixels stay as they are stored.
        profile: Colours of a profile that is not sRGB, or CMYK: converted to ``srgb``, or the
            profile is ignored.
        depth: 16 bits per channel: ``reduce`` takes the upper 8.
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
    order, n_train = torch.arange(len(table)), len(Table.of(files.train))
    if not files.test:
        order, n_train = train_first(every_kth(len(table), test_every, place))
    image, label = image or _image_column(table), label or _label_column(table)
    if image not in table.schema.names:
        raise UserError(f"{place}: no column {image!r} among {', '.join(table.schema.names)}")
    classes, labels = _labels(table, label, place) if label else ((), None)
    known = None if labels is None else labels[order]
    cells = Cells(table, image, order.tolist())
    store = prepared(
        "parquet",
        cells,
        resolution=resolution,
        crop=crop,
        treatment=Treatment(alpha, orientation, profile, depth),
        max_bad=max_bad,
    )
    if duplicates == "refuse":
        refuse_leakage(store, cells.names, n_train, place)
    return Dataset(
        name="parquet",
        train=store.split(0, n_train, labels=known),
        test=store.split(n_train, len(table), labels=known),
        classes=classes,
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
    """The column of classes; empty if there is none.

    Raises:
        UserError: There is more than one.
    """
    from pyarrow import types

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
        found = ["label"] if types.is_integer(table.schema.field("label").type) else []
    return found[0] if found else ""


def _labels(table: Table, column: str, place: Path) -> tuple[tuple[str, ...], Tensor]:
    """Names of the classes and the label of every row.

    Raises:
        UserError: The labels are not integers, or not among the classes.
    """
    labels = table.integers(column)
    feature = _features(table).get(column)
    names = feature.get("names") if isinstance(feature, dict) else None
    classes = tuple(map(str, names or range(int(labels.max()) + 1)))
    return classes, class_labels(labels, len(table), len(classes), place)

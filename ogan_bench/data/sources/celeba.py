"""CelebA: faces with forty attributes, in torchvision's, the authors' or Kaggle's layout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
from pydantic import Field, NonNegativeInt
from torch import Tensor

from ogan_bench.data.base import Dataset, data_root
from ogan_bench.data.prepared.leakage import treatment_and_leakage
from ogan_bench.data.prepared.prepare import AS_STORED, prepared
from ogan_bench.data.reading.download import read
from ogan_bench.data.reading.image_files import ImageFiles
from ogan_bench.errors import UserError

FOLDERS = ("celeba", "CelebA", "celeba-dataset")
IMAGES = ("img_align_celeba/img_align_celeba", "img_align_celeba", "Img/img_align_celeba")
ATTRIBUTES = ("list_attr_celeba.txt", "Anno/list_attr_celeba.txt", "list_attr_celeba.csv")
PARTITION = ("list_eval_partition.txt", "Eval/list_eval_partition.txt", "list_eval_partition.csv")
TRAIN, VALIDATION, TEST = "0", "1", "2"
VALUES = frozenset({"1", "-1", "0"})


def celeba(
    *,
    resolution: Annotated[int, Field(ge=8, le=256)] = 64,
    crop_size: Annotated[int, Field(ge=0, le=178)] = 178,
    max_bad: NonNegativeInt = 0,
) -> Dataset:
    """CelebA, aligned: 162,770 training and 19,962 test photographs of faces, 40 attributes.

    Fetch it by hand; it is looked for in ``$OGAN_BENCH_DATA/celeba`` (``data`` if the variable is
    not set; also ``CelebA``, ``celeba-dataset``): the folder ``img_align_celeba``,
    ``list_attr_celeba.txt`` and ``list_eval_partition.txt``, as torchvision lays them out, as the
    authors do (``Img``, ``Anno``, ``Eval``), or as the CSV files of Kaggle. The published split is
    used; its validation part is left out. No person appears in two parts, so identities could not
    be classes and are not read. For non-commercial research only.

    Args:
        resolution: Height and width in pixels.
        crop_size: Side of the square cropped from the centre of 178 x 218 pixels; 108, 140 and 178
            are usual. 0: none, the whole image is squeezed, as the O-GAN author does with faces.
        max_bad: How many unusable images may be left out.

    Raises:
        UserError: A file is missing, cannot be read, or does not match the others.

    References:
        Z. Liu, P. Luo, X. Wang and X. Tang, Deep Learning Face Attributes in the Wild, 2015,
        arXiv 1411.7766, https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html
    """
    folder = next((data_root() / name for name in FOLDERS if (data_root() / name).is_dir()), None)
    if folder is None:
        raise UserError(
            f"CelebA is in none of {', '.join(str(data_root() / name) for name in FOLDERS)}; put "
            "img_align_celeba, list_attr_celeba.txt and list_eval_partition.txt of "
            "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html into the first (its root is "
            "$OGAN_BENCH_DATA)"
        )
    images = _first(folder, IMAGES)
    annotation, partition = _first(folder, ATTRIBUTES), _first(folder, PARTITION)
    parts = _partition(partition)
    names = [name for name, part in parts.items() if part == TRAIN]
    n_train = len(names)
    names += [name for name, part in parts.items() if part == TEST]
    if not 0 < n_train < len(names):
        raise UserError(f"{partition}: needs both training (0) and test images (2)")
    known = read_attributes(annotation)
    if len(known.rows) != len(parts):
        raise UserError(
            f"{annotation}: {len(known.rows)} images, but {len(parts)} in {partition}; fetch both "
            "again"
        )
    titles, attributes = known.of(names)
    with os.scandir(images) as entries:
        there = {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}
    missing = [name for name in names if name not in there]
    if missing:
        raise UserError(
            f"{images}: {len(missing)} of {len(names)} images are missing, the first is "
            f"{missing[0]}; unpack img_align_celeba.zip again"
        )
    store = prepared(
        "celeba",
        ImageFiles(images, names),
        resolution=resolution,
        crop="none",
        crop_size=crop_size or None,
        treatment=AS_STORED,
        max_bad=max_bad,
    )
    return Dataset(
        name="celeba",
        train=store.split(0, n_train, attributes=attributes),
        test=store.split(n_train, len(names), attributes=attributes),
        classes=(),
        treatment=treatment_and_leakage(store, n_train),
        licence="non-commercial research only",
        attributes=titles,
    )


class Attributes(NamedTuple):
    """Attributes of every image.

    Args:
        place: The file that they were read from.
        titles: Names of the attributes, k of them.
        rows: Row of each image in the table, by its name.
        table: Bool, shape ``(n, k)``.
    """

    place: Path
    titles: tuple[str, ...]
    rows: dict[str, int]
    table: Tensor

    def of(self, names: list[str]) -> tuple[tuple[str, ...], Tensor]:
        """The titles, and the rows of the named images.

        Raises:
            UserError: An image has no row.
        """
        unknown = next((name for name in names if name not in self.rows), None)
        if unknown is not None:
            raise UserError(f"{self.place}: no line for {unknown}; fetch it again")
        return self.titles, self.table[[self.rows[name] for name in names]]


def read_attributes(path: Path) -> Attributes:
    """A table of attributes, 1 or -1: text that begins with the number of images, or CSV.

    Raises:
        UserError: The file cannot be read, or a line is incomplete.
    """
    lines = _lines(path)
    if len(lines[0].split()) == 1:  # the number of images
        count, lines = lines[0].strip(), lines[1:]
        if count != str(len(lines) - 1):
            raise UserError(f"{path}: {len(lines) - 1} images instead of {count}; fetch it again")
    head, *rows = (line.split() for line in lines[:2])
    if not rows:
        raise UserError(f"{path}: no images; fetch it again")
    titles = head[1:] if len(head) == len(rows[0]) else head
    numbers: dict[str, int] = {}
    table = bytearray()
    for row, line in enumerate(lines[1:]):
        name, values = _row(path, line, len(titles))
        if not VALUES.issuperset(values):
            raise UserError(f"{path}: {name}: a value is neither 1 nor -1; fetch it again")
        numbers[name] = row
        table += bytes(value == "1" for value in values)
    bits = torch.frombuffer(table, dtype=torch.uint8).view(-1, len(titles)).bool()
    return Attributes(path, tuple(titles), numbers, bits)


def _partition(path: Path) -> dict[str, str]:
    """Part of each image, by its name: training 0, validation 1, test 2.

    Raises:
        UserError: The file cannot be read, or a line is incomplete.
    """
    lines = _lines(path)
    if lines[0].split()[-1] == "partition":  # header of the CSV file
        lines = lines[1:]
    parts: dict[str, str] = {}
    for line in lines:
        name, (part,) = _row(path, line, 1)
        if part not in (TRAIN, VALIDATION, TEST):
            raise UserError(f"{path}: {name} is in part {part}, not 0, 1 or 2")
        parts[name] = part
    return parts


def _lines(path: Path) -> list[str]:
    """The lines that are not empty, with spaces in place of commas.

    Raises:
        UserError: The file cannot be read, or is empty.
    """
    text = read(path).decode("utf-8", "replace").replace(",", " ")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UserError(f"{path}: empty; fetch it again")
    return lines


def _row(path: Path, line: str, width: int) -> tuple[str, list[str]]:
    """The first field of a line, and the ``width`` values that follow.

    Raises:
        UserError: There are more or fewer values.
    """
    name, *values = line.split()
    if len(values) != width:
        raise UserError(f"{path}: {name}: {len(values)} values instead of {width}; fetch it again")
    return name, values


def _first(folder: Path, usual: tuple[str, ...]) -> Path:
    for name in usual:
        if (folder / name).exists():
            return folder / name
    raise UserError(f"{folder}: contains none of {', '.join(usual)}; fetch CelebA again")

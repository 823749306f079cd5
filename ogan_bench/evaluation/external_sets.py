"""Sets of images, or of statistics, from outside the catalogue, measured against a reference."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch
from torch import Tensor

from ogan_bench.data.base import Dataset, Split
from ogan_bench.errors import UserError
from ogan_bench.evaluation.evaluate import evaluate_images
from ogan_bench.evaluation.external_images import read_images, resize_note
from ogan_bench.evaluation.external_statistics import (
    OWN_RESIZE,
    Statistics,
    parse_space,
    statistics,
    statistics_of,
    statistics_rows,
)
from ogan_bench.evaluation.image_arrays import STATISTICS, holds_statistics, read_arrays
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.extractor import extract
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.metrics.feature_spaces import SPACES
from ogan_bench.study.settings import Evaluation

HINT = "--extractors names a feature space that needs no labels"


def image_rows(
    images: Tensor,
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
    resize: int | None = None,
) -> list[Row]:
    """Metrics of one set of images.

    Args:
        images: uint8, like those of the dataset, shape ``(n, c, h, w)``.
        dataset: Its training images are the reference.
        settings: What to measure.
        device: Where to compute.
        resize: What both were resized to, for the notes.

    Raises:
        UserError: As :func:`~ogan_bench.evaluation.evaluate.evaluate_images`.
    """
    rows, _ = evaluate_images(images, dataset, settings, device)
    hint = "" if dataset.classes else HINT
    resized = "" if resize is None else resize_note(resize)
    return [_noted(row, hint if row.value is None else resized) for row in rows]


def is_statistics(path: Path) -> bool:
    """Whether a path is a file that holds a mean and a covariance."""
    return path.is_file() and holds_statistics(read_arrays(path))


def distance_from_statistics(
    generated: Path, reference: Path, of: str, resize: int | None, device: torch.device
) -> list[Row]:
    """The Fréchet distance where one side or both are a mean and a covariance.

    Args:
        generated: A file of statistics, or images as for
            :func:`~ogan_bench.evaluation.external_images.read_images`.
        reference: Likewise.
        of: ``SPACE:RESIZE`` of the statistics.
        resize: Of images on either side.
        device: Where features of images are computed.

    Raises:
        UserError: Neither side is a file of statistics; their space, resize or form is wrong; or
            the features of the images cannot be computed.
    """
    space, how = parse_space(of)
    stored = [is_statistics(path) for path in (generated, reference)]
    if not any(stored):
        raise UserError(
            f"--statistics-of: neither side is a file of {' and '.join(map(repr, STATISTICS))}"
        )
    if not all(stored) and how != OWN_RESIZE:
        raise UserError(
            f"--statistics-of {of}: images are resized as by {OWN_RESIZE} here, so they can be "
            f"compared with statistics of {space}:{OWN_RESIZE} only"
        )
    if all(stored) and resize is not None:
        raise UserError("--resize is for images; neither side has any")
    samples, real = (
        statistics(path, read_arrays(path), space)
        if known
        else _of_images(path, space, resize, device)
        for path, known in zip((generated, reference), stored, strict=True)
    )
    rows = statistics_rows(samples, real, space, how, SPACES[space].title)
    resized = "" if resize is None else f"images {resize_note(resize)}"
    return [_noted(row, resized) for row in rows]


def _of_images(path: Path, space: str, resize: int | None, device: torch.device) -> Statistics:
    images = read_images(path, resize).images
    split = Split(images)
    try:
        extractor = FEATURE_SPACES[space].extractor(
            Dataset(path.stem, split, split, (), "unknown: the user's own files"), device
        )
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None
    return statistics_of(extract(extractor, images).features.numpy())


def _noted(row: Row, text: str) -> Row:
    return dataclasses.replace(row, note="; ".join(filter(None, (row.note, text))) or None)

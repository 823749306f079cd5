"""Sets of images, or of statistics, from outside the catalogue, measured against a reference."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ogan_bench.data.base import Dataset, Split
from ogan_bench.errors import UserError
from ogan_bench.evaluation.evaluate import (
    check_groups_of_images,
    evaluate_context,
    evaluate_images,
)
from ogan_bench.evaluation.external_images import read_images
from ogan_bench.evaluation.external_statistics import (
    OWN_RESIZE,
    Statistics,
    parse_space,
    statistics,
    statistics_of,
    statistics_rows,
)
from ogan_bench.evaluation.external_treatment import AS_THEY_ARE, Asked, treatment_note
from ogan_bench.evaluation.image_arrays import STATISTICS, holds_statistics, read_arrays
from ogan_bench.evaluation.rows import NO_VALUE, Row
from ogan_bench.evaluation.set_comparison import (
    Difference,
    difference,
    half_values,
    with_errors,
)
from ogan_bench.evaluation.set_pictures import draw_unshared
from ogan_bench.features.extractor import extract
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.metrics import METRICS
from ogan_bench.metrics.feature_spaces import SPACES
from ogan_bench.sampling.context import ImageContext
from ogan_bench.study.settings import Evaluation

HINT = "--extractors names a feature space that needs no labels"


def image_rows(
    images: Tensor,
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
    treatment: str = "",
    folder: Path | None = None,
) -> list[Row]:
    """Metrics of one set of images.

    Args:
        images: uint8, like those of the dataset, shape ``(n, c, h, w)``.
        dataset: Its training images are the reference.
        settings: What to measure.
        device: Where to compute.
        treatment: What was done to both sides, for the notes.
        folder: Where to write pictures of the groups; ``None``: nowhere.

    Raises:
        UserError: As :func:`~ogan_bench.evaluation.evaluate.evaluate_images`.
    """
    rows, _ = evaluate_images(images, dataset, settings, device, folder)
    return _with_notes(rows, dataset, treatment)


def _with_notes(rows: list[Row], dataset: Dataset, treatment: str) -> list[Row]:
    def hint(row: Row) -> str:
        needs_labels = METRICS[row.metric].extractor == "classifier"
        return HINT if needs_labels and row.value is None and not dataset.classes else ""

    return [_noted(_noted(row, hint(row)), treatment) for row in rows]


@dataclass(frozen=True)
class ComparedSets:
    """Several sets against one reference.

    Args:
        rows: Of each set by its name; ``error`` is over halves of the set and of the reference.
        differences: Of each set but the first from the first, by metric.
        pictures: Maps each file that was drawn to the names of the set that has what it shows and
            of the set that lacks it.
    """

    rows: dict[str, list[Row]]
    differences: dict[str, dict[str, Difference]]
    pictures: dict[Path, tuple[str, str]]


def compare_sets(
    sets: Mapping[str, Tensor],
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
    treatments: Mapping[str, str],
    *,
    paired: bool = False,
    folder: Path | None = None,
) -> ComparedSets:
    """Metrics of several sets of equal size, with intervals, and tests of their differences.

    Args:
        sets: Images by name, uint8, each of shape ``(n, c, h, w)``, at least two sets.
        dataset: As for :func:`image_rows`, like the rest.
        settings: What to measure.
        device: Where to compute.
        treatments: What was done to both sides, for the notes, by the name of the set.
        paired: Whether image i of every set answers the same input, such as one z.
        folder: Where to write pictures of what one set has and another lacks; ``None``: nowhere.

    Raises:
        UserError: The sets differ in size, or as :func:`image_rows`.
    """
    check_groups_of_images(settings)
    if len({len(images) for images in sets.values()}) > 1:
        sizes = ", ".join(f"{name}: {len(images)}" for name, images in sets.items())
        raise UserError(
            f"--generated: the sets differ in size ({sizes}), which alone changes most metrics; "
            "take equally many images of each"
        )
    contexts = [
        ImageContext(dataset, settings, device, generated=images) for images in sets.values()
    ]
    measured = [evaluate_context(context)[0] for context in contexts]
    pictures: dict[Path, tuple[str, str]] = {}
    if folder is not None:
        names = list(sets)
        with contextlib.suppress(*NO_VALUE):  # as in rows without value: there is nothing to show
            for path, (ours, theirs) in draw_unshared(contexts, folder).items():
                pictures[path] = names[ours - 1], names[theirs - 1]
    drawn = half_values(contexts, measured, paired=paired)
    _, *others = sets
    differences: dict[str, dict[str, Difference]] = {}
    for name, rows, of_halves in zip(others, measured[1:], drawn[1:], strict=True):
        pairs = zip(rows, measured[0], strict=True)
        found = {row.metric: difference(row, of_halves, base, drawn[0]) for row, base in pairs}
        differences[name] = {metric: of for metric, of in found.items() if of is not None}
    rows_of = {
        name: _with_notes(with_errors(rows, of_halves), dataset, treatments[name])
        for name, rows, of_halves in zip(sets, measured, drawn, strict=True)
    }
    return ComparedSets(rows_of, differences, pictures)


def is_statistics(path: Path) -> bool:
    """Whether a path is a file that holds a mean and a covariance, alone or beside images."""
    return path.is_file() and holds_statistics(read_arrays(path, STATISTICS))


def distance_from_statistics(
    generated: Path, reference: Path, of: str, device: torch.device, asked: Asked = AS_THEY_ARE
) -> list[Row]:
    """The Fréchet distance where one side or both are a mean and a covariance.

    Args:
        generated: A file of statistics, or images as for
            :func:`~ogan_bench.evaluation.external_images.read_images`.
        reference: Likewise.
        of: ``SPACE:RESIZE`` of the statistics.
        device: Where features of images are computed.
        asked: How to treat images on either side.

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
    if all(stored) and (asked.resize is not None or asked.parameters()):
        raise UserError("--resize, --crop and the like are for images; neither side has any")
    sides, treatments = [], []
    for path, known in zip((generated, reference), stored, strict=True):
        if known:
            sides.append(statistics(path, read_arrays(path, STATISTICS), space))
            treatments.append("")
        else:
            images = read_images(path, asked)
            sides.append(_of_images(path, images.images, space, device))
            treatments.append(images.treatment)
    samples, real = sides
    rows = statistics_rows(samples, real, space, how, SPACES[space].title)
    return [_noted(row, treatment_note(*treatments)) for row in rows]


def _of_images(path: Path, images: Tensor, space: str, device: torch.device) -> Statistics:
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

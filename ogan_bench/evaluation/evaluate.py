"""From a trained pair to rows: sample once, extract features once, compute every metric."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import to_uint8
from ogan_bench.errors import UserError
from ogan_bench.evaluation.coverage.mixtures import point_rows
from ogan_bench.evaluation.factors.disentanglement import factors_rows
from ogan_bench.evaluation.fidelity.diversity import diversity_rows
from ogan_bench.evaluation.image_grids import (
    SIDE,
    STEP_ROWS,
    point_picture,
    reconstruction_grid,
    sample_grid,
    swap_grid,
)
from ogan_bench.evaluation.interpolation.interpolation import interpolation_rows
from ogan_bench.evaluation.inversion.inversion import inversion_rows
from ogan_bench.evaluation.latent.prior_match import code_rows
from ogan_bench.evaluation.latent.round_trip import latent_rows
from ogan_bench.evaluation.mechanism.mechanism import mechanism_rows
from ogan_bench.evaluation.per_space import space_rows
from ogan_bench.evaluation.plugin_metrics import check_plugin_metrics, plugin_rows
from ogan_bench.evaluation.reconstruction.autoencoding import reconstruction_group_rows
from ogan_bench.evaluation.reconstruction.pixel_error import autoencoding_rows, reconstruction_rows
from ogan_bench.evaluation.rows import Row
from ogan_bench.evaluation.separability.fisher_vectors import fisher_rows
from ogan_bench.evaluation.separability.linear_probe import separability_rows
from ogan_bench.evaluation.separability.probe_suite import probes_rows
from ogan_bench.metrics import METRICS
from ogan_bench.sampling.context import ImageContext, ModelContext
from ogan_bench.sampling.samples import Samples
from ogan_bench.study.settings import Evaluation

Facts = dict[str, Any]

OF_IMAGES: dict[str, Callable[[ImageContext], list[Row]]] = {
    "diversity": diversity_rows,
}
"""Groups that need only generated images and a dataset."""

GROUPS: dict[str, Callable[[ModelContext], list[Row]]] = {
    **OF_IMAGES,
    "reconstruction": reconstruction_group_rows,
    "codes": code_rows,
    "interpolation": interpolation_rows,
    "inversion": inversion_rows,
    "probes": probes_rows,
    "factors": factors_rows,
    "mechanism": mechanism_rows,
    "fisher": fisher_rows,
}
"""Metric groups measured only if ``evaluation.groups`` names them."""


BASELINES = ("_untrained", "_pca", "_pixels")
"""How the names of metrics end that the trained nets have no part in."""


def evaluate(
    context: ModelContext,
    step_picture: Path | None = None,
    measuring: Callable[[str], None] = lambda what: None,
) -> tuple[list[Row], Facts]:
    """All metrics of a trained pair; one that has no value is a row that says why.

    Metrics of conditional generators and of points are measured only where they apply. If the
    context has a folder, ``samples.png``, ``reconstructions.png``, for a conditional generator
    ``swapped.png``, and pictures of the groups are written there.

    Args:
        context: The pair and what to measure.
        step_picture: Where to write one small picture of the first 32 samples; ``None``: nowhere.
        measuring: Called with the name of each part before it is measured.

    Returns:
        The rows, and facts about the extractors.

    Raises:
        NonFiniteError: E or G outputs values that are not finite: there is nothing to measure.
        UserError: A file or the cache cannot be written, or a plug-in's metric asks for an input
            that does not exist.
    """
    check_plugin_metrics()
    dataset, settings = context.dataset, context.settings
    measuring("samples")
    samples, test = context.samples, dataset.test.images
    if context.folder is not None:
        _draw_pictures(samples, dataset, context.folder)
    if step_picture is not None:
        _draw_samples(samples, dataset, step_picture, STEP_ROWS)
    rows = reconstruction_rows(
        test, samples.reconstructions, samples.raw_reconstructions, settings.seed
    )
    rows += autoencoding_rows(test, samples.own_reconstructions, context.formula)
    rows += latent_rows(samples.z, samples.codes)
    measuring("separability")
    rows += separability_rows(samples, dataset, settings)
    if dataset.modes is not None:
        rows += point_rows(samples.images, dataset.modes)
    facts: Facts = {}
    for space in dict.fromkeys(settings.extractors):
        measuring(space)
        rows += space_rows(context, space, facts)
    for group in settings.groups:
        measuring(group)
        rows += GROUPS[group](context)
    measuring("plug-ins")
    rows += plugin_rows(samples, dataset)
    return [_remarked(row, context.trained.remark, dataset.treatment) for row in rows], facts


def _remarked(row: Row, of_nets: str | None, treatment: str) -> Row:
    """With what is to be said of the trained nets, if they have a part in it, and of the images."""
    if row.value is None:
        return row
    is_of_nets = METRICS[row.metric].group != "mechanism" and not row.metric.endswith(BASELINES)
    remarks = (of_nets if is_of_nets else None, f"images: {treatment}" if treatment else None)
    return dataclasses.replace(row, note="; ".join(filter(None, (row.note, *remarks))) or None)


def evaluate_images(
    images: Tensor,
    dataset: Dataset,
    settings: Evaluation,
    device: torch.device,
    folder: Path | None = None,
) -> tuple[list[Row], Facts]:
    """Metrics of external images against a dataset.

    Args:
        images: uint8, like those of the dataset, shape ``(n, c, h, w)``.
        dataset: Its training images are the reference.
        settings: What to measure.
        device: Where to compute.
        folder: Where to write pictures; ``None``: nowhere.

    Returns:
        The rows, and facts about the extractors.

    Raises:
        UserError: A group needs the trained nets, or the cache cannot be written.
    """
    check_groups_of_images(settings)
    return evaluate_context(ImageContext(dataset, settings, device, folder, generated=images))


def evaluate_context(context: ImageContext) -> tuple[list[Row], Facts]:
    """The same for images whose features the caller needs too; groups are of images only."""
    rows: list[Row] = []
    facts: Facts = {}
    for space in dict.fromkeys(context.settings.extractors):
        rows += space_rows(context, space, facts)
    for group in context.settings.groups:
        rows += OF_IMAGES[group](context)
    return rows, facts


def check_groups_of_images(settings: Evaluation) -> None:
    """Refuse groups that images alone do not have.

    Raises:
        UserError: A group needs the trained nets.
    """
    if beyond := [group for group in settings.groups if group not in OF_IMAGES]:
        raise UserError(
            f"--groups {','.join(beyond)}: needs the trained nets; images alone have: "
            f"{', '.join(OF_IMAGES)}"
        )


def _draw_samples(samples: Samples, dataset: Dataset, path: Path, rows: int = SIDE) -> None:
    if dataset.is_points:
        test = dataset.test.images
        n = min(len(samples.images), len(test))
        point_picture(test[:n], samples.images[:n], path)
    else:
        sample_grid(samples.images, path, rows)


def _draw_pictures(samples: Samples, dataset: Dataset, folder: Path) -> None:
    test, pairs = dataset.test.images, folder / "reconstructions.png"
    _draw_samples(samples, dataset, folder / "samples.png")
    if dataset.is_points:
        n = min(len(samples.images), len(test))
        point_picture(test[:n], samples.own_reconstructions[:n], pairs)
        return
    reconstruction_grid(test[:64], to_uint8(samples.own_reconstructions[:64]), pairs)
    if samples.swapped is not None:
        own, swapped = (
            to_uint8(images[:64]) for images in (samples.own_reconstructions, samples.swapped)
        )
        swap_grid(test[:64], own, swapped, folder / "swapped.png")

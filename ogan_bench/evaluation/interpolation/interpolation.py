"""Rows and the picture of decoded paths between the codes of two test images."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import torch

from ogan_bench.data.base import to_uint8
from ogan_bench.evaluation.ensemble import in_each_member
from ogan_bench.evaluation.image_grids import interpolation_strips
from ogan_bench.evaluation.interpolation import measures
from ogan_bench.evaluation.interpolation.path_length import CURVES, Curve, spherical
from ogan_bench.evaluation.interpolation.paths import (
    DETOUR_PAIRS,
    PAIRS,
    PIXELS,
    SHUFFLED,
    InterpolationPaths,
)
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import CLASSIFIER
from ogan_bench.metrics.interpolation import WITH_SPEEDS
from ogan_bench.sampling.context import ModelContext

STRIPS = 8
"""Rows of the picture, and decoded images per row."""


def interpolation_rows(context: ModelContext) -> list[Row]:
    """All metrics of the group ``interpolation``.

    With a folder and two test images or more, also ``interpolations.png``.

    Raises:
        UserError: The picture cannot be written.
    """
    paths = functools.cache(lambda: InterpolationPaths(context))
    conditional = context.trained.generator.conditional
    note = "decoded with the class of the first end" if conditional else None

    def in_space(space: SpaceName, member: ModelContext) -> list[Row]:
        wanted: dict[str, Callable[[], Value]] = {}

        def add(suffix: str, curve: Curve) -> None:
            if space in WITH_SPEEDS:
                wanted[f"path_length_{space}{suffix}"] = lambda: measures.path_length(
                    paths(), member.extractor(space), curve
                )
                wanted[f"path_energy_{space}{suffix}"] = lambda: measures.path_energy(
                    paths(), member.extractor(space), curve
                )
            if space == CLASSIFIER:
                wanted[f"interpolation_confidence{suffix}"] = lambda: measures.confidence(
                    paths(), member, suffix
                )

        def straightness(suffix: str) -> Value:
            return measures.straightness(paths(), member.extractor(space), suffix)

        def midpoint_ratio(suffix: str) -> Value:
            return measures.midpoint_ratio(paths(), member, space, suffix)

        for suffix, curve in CURVES.items():
            add(suffix, curve)
        for suffix in (*CURVES, PIXELS, SHUFFLED):
            wanted[f"path_straightness_{space}{suffix}"] = functools.partial(straightness, suffix)
            wanted[f"midpoint_ratio_{space}{suffix}"] = functools.partial(midpoint_ratio, suffix)
        return measured_rows(wanted, n_samples=PAIRS, split="test", note=note)

    def detour(suffix: str) -> Value:
        return measures.detour(paths(), suffix)

    rows: list[Row] = []
    for space in dict.fromkeys(context.settings.extractors):
        rows += in_each_member(context, space, functools.partial(in_space, space))
    detours = {
        f"interpolation_detour{suffix}": functools.partial(detour, suffix) for suffix in CURVES
    }
    rows += measured_rows(detours, n_samples=DETOUR_PAIRS, split="test", note=note)
    drawable = not context.dataset.is_points and len(context.dataset.test) > 1
    if context.folder is not None and drawable:
        draw_interpolations(paths(), context.folder / "interpolations.png")
    return rows


def draw_interpolations(paths: InterpolationPaths, path: Path) -> None:
    """Each row: a test image, the decoded spherical path to another one, and that image.

    Raises:
        UserError: The file cannot be written.
    """
    test, endpoints = paths.context.dataset.test.images.cpu(), paths.endpoints
    steps = [
        to_uint8(paths.at(spherical, s, STRIPS)) for s in torch.linspace(0, 1, STRIPS).tolist()
    ]
    interpolation_strips([test[endpoints.first], *steps, test[endpoints.second]], path)

"""How rows name a feature space, and what they warn of."""

from __future__ import annotations

import dataclasses

from ogan_bench.data import Dataset
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.extractor import Extractor
from ogan_bench.features.inception import Inception
from ogan_bench.metrics.definition import SpaceName


def extractor_label(space: SpaceName, dataset: Dataset) -> str:
    """How rows name a space whose extractor cannot be had."""
    if space == "classifier":
        return f"classifier:{dataset.name}-{dataset.shape.height}px"
    return "inception-v3:tf-2015-12-05" if space == "inception" else space


def warned(rows: list[Row], extractor: Extractor) -> list[Row]:
    """Rows whose notes begin with what is wrong with the extractor."""
    if not isinstance(extractor, Inception) or extractor.is_published:
        return rows
    warning = "not the published weights: comparable with no number in the literature"
    return [
        dataclasses.replace(row, note="; ".join(filter(None, (warning, row.note)))) for row in rows
    ]

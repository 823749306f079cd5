"""Metrics of the same images, each measured on its own: where one fails, the others stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ogan_bench.evaluation.rows import Row, attempt


@dataclass(frozen=True)
class Value:
    """What a row says of one metric.

    Args:
        value: In the metric's unit.
        floor: What finite samples or chance alone give.
        note: What a reader has to know.
        extractor: Name of the feature space with the hash of its weights.
    """

    value: float
    floor: float | None = None
    note: str | None = None
    extractor: str | None = None


def measured_rows(
    measures: Mapping[str, Callable[[], Value]],
    *,
    n_samples: int,
    split: str,
    note: str | None = None,
) -> list[Row]:
    """A row for each metric; one that cannot be computed says why.

    Args:
        measures: Name of a metric to what computes it.
        n_samples: Of all rows.
        split: Of all rows.
        note: What holds for all rows that have a value; it comes before their own notes.
    """

    def row(metric: str) -> list[Row]:
        found = measures[metric]()
        said = "; ".join(filter(None, (note, found.note))) or None
        return [
            Row(
                metric, found.value, n_samples, split, found.extractor, floor=found.floor, note=said
            )
        ]

    rows: list[Row] = []
    for metric in measures:
        rows += attempt(
            [metric],
            lambda metric=metric: row(metric),  # type: ignore[misc]
            n_samples=n_samples,
            split=split,
        )
    return rows

"""One line of a trial's result, and how a metric fails without stopping the others. No torch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ogan_bench.metrics import METRICS


@dataclasses.dataclass(frozen=True)
class Row:
    """One measured number with all that it takes to compare it with another.

    Args:
        metric: A key of :data:`~ogan_bench.metrics.METRICS`.
        value: The number in the metric's unit; ``None`` if it cannot be computed.
        n_samples: Images, codes or samples that the number is an average over.
        split: Which images it is measured on or against: ``train``, ``test`` or ``generated``.
        extractor: Name of the feature space with the hash of its weights, if there is one.
        protocol: Version of the computation; numbers of two versions are not comparable.
        floor: What finite samples or chance alone give, where that is known in closed form.
        note: Why there is no value, or what a reader of the value has to know.

    Raises:
        ValueError: The metric is unknown, the value is not finite, or there is neither a value nor
            a note.
    """

    metric: str
    value: float | None
    n_samples: int
    split: str
    extractor: str | None = None
    protocol: str = "1"
    floor: float | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"unknown metric {self.metric!r}")
        if self.value is None and not self.note:
            raise ValueError(f"{self.metric}: no value and no note that says why")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.metric} is {self.value}, not a finite number")

    def record(self) -> dict[str, Any]:
        """The row as plain values for JSON."""
        return dataclasses.asdict(self)


def attempt(
    metrics: Sequence[str],
    measure: Callable[[], list[Row]],
    *,
    n_samples: int,
    split: str,
    extractor: str | None = None,
) -> list[Row]:
    """Rows of a group of metrics; a numerical failure becomes rows without value.

    Only what numbers can cause is caught: ``ValueError`` (numpy's ``LinAlgError`` is one) and
    ``RuntimeError`` (torch's ``LinAlgError`` is one). Mistakes in the program surface.

    Args:
        metrics: The metrics that ``measure`` gives.
        measure: Computes the rows.
        n_samples: For the rows without value.
        split: For the rows without value.
        extractor: For the rows without value.
    """
    try:
        return measure()
    except (ValueError, RuntimeError) as error:
        note = str(error) or type(error).__name__
        return [Row(name, None, n_samples, split, extractor, note=note) for name in metrics]


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

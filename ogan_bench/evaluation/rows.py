"""One row of a trial's result, and how a metric without a value does not stop the others."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ogan_bench.errors import NoValueError
from ogan_bench.metrics import METRICS

NO_VALUE = (
    NoValueError,
    np.linalg.LinAlgError,
    torch.linalg.LinAlgError,  # type: ignore[attr-defined]
)
"""What says that these nets or data have no value of a metric, and why.

A decomposition that does not converge says so of the matrix that it was given. Everything else,
any other ``ValueError`` too, says that the environment or the program is at fault (memory, a disk,
a package, a wrong argument): it says nothing about the nets and fails the trial, so that the next
run measures it again.
"""

Curve = tuple[tuple[float, float], ...]
"""Points (x, y), at most 100."""


@dataclass(frozen=True)
class Row:
    """One measured number with everything needed to compare it with another.

    Args:
        metric: A key of :data:`~ogan_bench.metrics.METRICS`.
        value: The number in the metric's unit; ``None`` if it cannot be computed.
        n_samples: Number of images, codes or samples that the value is computed from.
        split: Which images it is measured on or against: ``train``, ``test`` or ``generated``; or
            ``reference``, images that are no split of a dataset.
        extractor: Name of the feature space with the hash of its weights, if there is one.
        floor: What finite samples or chance alone would give, if known in closed form.
        error: Standard error of the value from the finite number of samples, in the value's unit.
        members: The value in each member of an ensemble of extractors, in the ensemble's order; the
            row's value is their mean.
        note: Why there is no value, or what a reader has to know.
        curve: The curve that the value is of, as points (x, y).

    Raises:
        NoValueError: The value is not finite.
        ValueError: The metric is unknown, or there is neither a value nor a note.
    """

    metric: str
    value: float | None
    n_samples: int
    split: str
    extractor: str | None = None
    floor: float | None = None
    error: float | None = None
    members: tuple[float, ...] | None = None
    note: str | None = None
    curve: Curve | None = None

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(
                f"unknown metric {self.metric!r}: define it in ogan_bench/metrics/<question>.py"
            )
        if self.value is None and not self.note:
            raise ValueError(f"{self.metric}: no value and no note that says why")
        if self.value is not None and not math.isfinite(self.value):
            raise NoValueError(f"{self.metric} is {self.value}, not a finite number")

    def record(self) -> dict[str, Any]:
        """The row, with the protocol of its metric, as plain values for JSON.

        Only the rows of curves have the key ``curve``.
        """
        record = {**dataclasses.asdict(self), "protocol": METRICS[self.metric].protocol}
        if self.curve is None:
            del record["curve"]
        return record


@dataclass(frozen=True)
class Value:
    """The result for one metric; the rest of the row is the same for its group.

    Args:
        value: In the metric's unit.
        floor: What finite samples or chance alone would give.
        note: What a reader has to know.
        extractor: Name of the feature space with the hash of its weights.
        n_samples: Number of images, codes or samples, if it differs from the group's.
        split: The split, if it differs from the group's.
        error: Standard error from the finite number of samples.
        curve: The curve that the value is of.
    """

    value: float
    floor: float | None = None
    note: str | None = None
    extractor: str | None = None
    n_samples: int | None = None
    split: str | None = None
    error: float | None = None
    curve: Curve | None = None


def measured_rows(
    measures: Mapping[str, Callable[[], Value]],
    *,
    n_samples: int,
    split: str,
    extractor: str | None = None,
    note: str | None = None,
) -> list[Row]:
    """A row for each metric, in this order; one that cannot be computed says why.

    Args:
        measures: Maps each metric's name to the function that computes it.
        n_samples: For all rows, unless a value has its own.
        split: For all rows, unless a value has its own.
        extractor: For all rows, unless a value has its own.
        note: For all rows that have a value; it comes before their own notes.
    """

    def row(metric: str, measure: Callable[[], Value]) -> list[Row]:
        found = measure()
        return [
            Row(
                metric,
                found.value,
                n_samples if found.n_samples is None else found.n_samples,
                found.split or split,
                found.extractor or extractor,
                floor=found.floor,
                error=found.error,
                note="; ".join(filter(None, (note, found.note))) or None,
                curve=found.curve,
            )
        ]

    rows: list[Row] = []
    for metric, measure in measures.items():
        rows += attempt(
            [metric],
            functools.partial(row, metric, measure),
            n_samples=n_samples,
            split=split,
            extractor=extractor,
        )
    return rows


def attempt(
    metrics: Sequence[str],
    measure: Callable[[], list[Row]],
    *,
    n_samples: int,
    split: str,
    extractor: str | None = None,
) -> list[Row]:
    """Rows of several metrics; what is in :data:`NO_VALUE` becomes rows without value.

    Args:
        metrics: The metrics that ``measure`` returns.
        measure: Computes the rows.
        n_samples: For the rows without value.
        split: For the rows without value.
        extractor: For the rows without value.
    """
    try:
        return measure()
    except NO_VALUE as error:
        note = str(error) or type(error).__name__
        return [Row(name, None, n_samples, split, extractor, note=note) for name in metrics]

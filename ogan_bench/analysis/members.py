"""Values of measurements: those in the classifiers of an ensemble where all of them have these."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ogan_bench.files import Record

Values = NDArray[np.float64]


def by_member(rows: Sequence[Record]) -> list[Values]:
    """The value of each measurement, shape (C,) by classifier or (1,).

    By classifier only if all were measured in the same number of them: otherwise some would be
    compared in one classifier and others in the mean of several.

    Args:
        rows: Measurements of one metric, with ``value`` and ``members``.
    """
    sizes = {0 if row["members"] is None else len(row["members"]) for row in rows}
    key = "members" if len(sizes) == 1 and sizes != {0} else "value"
    return [np.atleast_1d(np.asarray(row[key], np.float64)) for row in rows]


def stacked(values: Sequence[Values]) -> Values:
    """Values of one sample as an array, shape (n, C), or (n,) without an ensemble."""
    if not values:
        return np.empty(0)
    table = np.stack(values)
    return table[:, 0] if table.shape[1] == 1 else table

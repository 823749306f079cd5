"""Classes from a column of a parquet table: integers or text, as many classes as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ogan_bench.data.reading.download import class_labels
from ogan_bench.data.reading.parquet_cells import Table
from ogan_bench.errors import UserError

UNLABELLED = -1
"""The label of a row without one, in Hugging Face's datasets and here."""


class Labelled(NamedTuple):
    """The class of every row.

    Args:
        classes: Their names, k of them.
        labels: 0 to k - 1, or -1 for a row without a label; int64, shape ``(n,)``.
    """

    classes: tuple[str, ...]
    labels: Tensor


def read_labels(table: Table, column: str, names: Sequence[str] | None) -> Labelled:
    """The classes of a column.

    Memory grows with the number of rows, not with the values: unless the classes are declared, each
    value that occurs is one, in ascending order.

    Args:
        table: The files.
        column: Of integers, text or truth values.
        names: Names of the classes 0, 1, ... if they are declared.

    Raises:
        UserError: The column is missing or of another kind, or a label is none of the classes.
    """
    from pyarrow import types

    place, cells = table.files[0], table.column(column)
    if types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    kind = cells.type
    is_number = types.is_integer(kind)
    if not (
        is_number or types.is_boolean(kind) or types.is_string(kind) or types.is_large_string(kind)
    ):
        raise UserError(
            f"{place}: the column {column!r} is of type {kind}, not of classes: set data.label to "
            "a column of integers or text, or to none"
        )
    known = cells.is_valid().to_numpy()
    values = cells.drop_null().to_numpy()
    if is_number:
        has_label = values != UNLABELLED
        known[known] = has_label
        values = values[has_label]
    if names is not None:
        if not is_number:
            raise UserError(f"{place}: the column {column!r} has names of classes, but no integers")
        numbers = torch.from_numpy(values.astype(np.int64))
        found = class_labels(numbers, len(numbers), len(names), place)
        classes = tuple(map(str, names))
    else:
        distinct, inverse = np.unique(values, return_inverse=True)
        found, classes = torch.from_numpy(inverse), tuple(map(str, distinct.tolist()))
    labels = torch.full((len(known),), UNLABELLED)
    labels[torch.from_numpy(known)] = found
    return Labelled(classes, labels)

"""A value with its floor, or with the reason why it has none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Value


def with_floor(value: Value, floor: Callable[[], float]) -> Value:
    """The value with its floor; where that cannot be computed, the note says why.

    Args:
        value: Without a floor.
        floor: Computes the floor.
    """
    try:
        return dataclasses.replace(value, floor=floor())
    except NoValueError as error:
        note = "; ".join(filter(None, (value.note, str(error))))
        return dataclasses.replace(value, note=note)

"""Measures in every member of an ensemble of extractors and averages."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Curve, Row
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.sampling.context import ImageContext

Context = TypeVar("Context", bound=ImageContext)


def in_each_member(
    context: Context, space: SpaceName, measure: Callable[[Context], list[Row]]
) -> list[Row]:
    """Rows measured with each extractor of a space's ensemble, and averaged.

    With a single extractor, or none that is available, ``measure`` is called with the context
    itself.

    Args:
        context: What is measured.
        space: A feature space.
        measure: Computes the rows in a context whose space has a single extractor.
    """
    try:
        members = context.members(space)
    except NoValueError:  # every row says why
        members = []
    if len(members) < 2:
        return measure(context)
    name = context.extractor(space).name
    found = [measure(member) for member in members]
    return [averaged(rows, name) for rows in zip(*found, strict=True)]


def averaged(rows: Sequence[Row], extractor: str) -> Row:
    """The row of an ensemble, given the row of each member.

    Value and floor are means. The members see the same samples, whose errors averaging does not
    reduce, so the error is the root mean square of theirs; a curve is averaged point by point. If a
    member has no value, the ensemble has none.

    Args:
        rows: The same metric in each member.
        extractor: Name of the ensemble.

    Raises:
        ValueError: The rows are of several metrics.
    """
    first, *others = rows
    if any(row.metric != first.metric for row in others):
        raise ValueError(f"rows of several metrics: {sorted({row.metric for row in rows})}")
    shared = dataclasses.replace(first, extractor=extractor, note=_notes(rows))
    values, floors, errors = (
        [number for row in rows if (number := getattr(row, name)) is not None]
        for name in ("value", "floor", "error")
    )
    whole = len(rows)
    if len(values) < whole:
        lacking = next(row for row in rows if row.value is None)
        return dataclasses.replace(
            shared, value=None, floor=None, error=None, members=None, curve=None, note=lacking.note
        )
    curves = [row.curve for row in rows if row.curve is not None]
    return dataclasses.replace(
        shared,
        value=math.fsum(values) / whole,
        floor=math.fsum(floors) / whole if len(floors) == whole else None,
        error=math.hypot(*errors) / math.sqrt(whole) if len(errors) == whole else None,
        members=tuple(values),
        curve=_mean(curves) if len(curves) == whole else None,
    )


def _mean(curves: Sequence[Curve]) -> Curve:
    """Point by point."""
    count = len(curves)
    return tuple(
        (math.fsum(x for x, _ in points) / count, math.fsum(y for _, y in points) / count)
        for points in zip(*curves, strict=True)
    )


def _notes(rows: Sequence[Row]) -> str | None:
    """What all members note, then what the first one notes alone."""
    notes = [(row.note or "").split("; ") if row.note else [] for row in rows]
    common = [part for part in notes[0] if all(part in note for note in notes)]
    own = [part for part in notes[0] if part not in common]
    if own:
        common.append(f"in the first of {len(rows)} classifiers: {', '.join(own)}")
    return "; ".join(common) or None

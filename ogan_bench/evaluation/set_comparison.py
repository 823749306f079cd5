"""Intervals for several sets of images against one reference, and tests of their differences.

Every metric is measured again on random halves of each set and of the reference, drawn without
replacement. For a mean over n points, the variance over halves of them is that of the mean itself:
(1 - ½) s² / (n / 2) = s² / n. So the standard deviation over halves is the standard error, for
every metric that behaves like a mean to first order. A bootstrap would repeat points, and a
repeated point is its own nearest neighbour: recall, coverage and the unbiased MMD would be biased.
What depends on the number of points alone, such as the bias of the Fréchet distance, shifts all
halves alike and leaves their spread as it is.

In each draw all sets are compared with the same half of the reference. What its finite size does to
two of them alike cancels in their difference, as it does between the sets themselves. Sets that
answer the same inputs are drawn with the same indices, so what they share cancels too.

References:
    J. Shao and C. F. J. Wu, A General Theory for Jackknife Variance Estimation, 1989 (leaving out d
    points of n, for d in proportion to n)
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.evaluation.evaluate import evaluate_context
from ogan_bench.evaluation.rows import Row
from ogan_bench.metrics import METRICS
from ogan_bench.sampling.context import ImageContext
from ogan_bench.seeding import generator

HALVES = 50
"""Halves of each set; their standard deviation is known to about 10 %."""
CRITICAL = statistics.NormalDist().inv_cdf(0.975)

HalfValues = Mapping[str, Sequence[float]]
"""A metric to its value in each draw."""


@dataclass(frozen=True)
class Difference:
    """How much a set differs from the first one.

    Args:
        value: Its value less that of the first set.
        error: Standard error.
        p: Of a two-sided normal test of no difference; not adjusted for several tests.
    """

    value: float
    error: float
    p: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval."""
        return self.value - CRITICAL * self.error, self.value + CRITICAL * self.error


def half_values(
    contexts: Sequence[ImageContext],
    measured: Sequence[Sequence[Row]],
    *,
    paired: bool = False,
) -> list[dict[str, list[float]]]:
    """Every metric of several sets on random halves, in the same draws.

    Args:
        contexts: The sets after they were measured whole, with one dataset and settings.
        measured: The rows of each; spaces in which none has a value are not tried again.
        paired: Whether image i of every set answers the same input.

    Returns:
        The values of each set in all draws; metrics that some draw lacks are left out.
    """
    settings = contexts[0].settings
    valued = {
        METRICS[row.metric].extractor for rows in measured for row in rows if row.value is not None
    }
    spaces = [space for space in settings.extractors if space in valued]
    again = settings.model_copy(update={"extractors": spaces})
    found: list[dict[str, list[float]]] = [{} for _ in contexts]
    for draw in range(HALVES):
        real = _half(len(contexts[0].reference), settings.seed, "reference", draw)
        for position, (context, values) in enumerate(zip(contexts, found, strict=True)):
            of = "samples" if paired else f"samples/{position}"
            chosen = _half(len(context.images("generated")), settings.seed, of, draw)
            part = context.part(chosen, real)
            part.settings = again
            for row in evaluate_context(part)[0]:
                if row.value is not None:
                    values.setdefault(row.metric, []).append(row.value)
    return [
        {metric: drawn for metric, drawn in values.items() if len(drawn) == HALVES}
        for values in found
    ]


def _half(n: int, seed: int, of: str, draw: int) -> Tensor:
    order = torch.randperm(n, generator=generator(seed, f"evaluation/halves/{of}", draw))
    return order[: n // 2]


def with_errors(rows: Sequence[Row], drawn: HalfValues) -> list[Row]:
    """Rows with the standard deviation over halves as the error; without halves, with their own."""
    return [
        dataclasses.replace(row, error=statistics.stdev(drawn[row.metric]))
        if row.metric in drawn and row.value is not None
        else row
        for row in rows
    ]


def difference(
    row: Row, drawn: HalfValues, first: Row, first_drawn: HalfValues
) -> Difference | None:
    """How a set differs from the first one in a metric; ``None`` where a value or error is lacking.

    Args:
        row: Of the set.
        drawn: Its values on halves.
        first: The row of the first set, of the same metric.
        first_drawn: The values of the first set in the same draws. Of a metric that either lacks,
            the sets are taken as independent, with the rows' own errors.
    """
    if row.value is None or first.value is None:
        return None
    if row.metric in drawn and row.metric in first_drawn:
        pairs = zip(drawn[row.metric], first_drawn[row.metric], strict=True)
        error = statistics.stdev(ours - theirs for ours, theirs in pairs)
    elif row.error is None or first.error is None:
        return None
    else:
        error = math.hypot(row.error, first.error)
    change = row.value - first.value
    if error == 0:
        return Difference(change, 0.0, 1.0 if change == 0 else 0.0)
    return Difference(change, error, 2 * statistics.NormalDist().cdf(-abs(change) / error))

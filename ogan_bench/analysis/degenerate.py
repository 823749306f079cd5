"""Values that say nothing about how well nets do: of collapsed trials, at chance, at the floor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

from ogan_bench.analysis.formatting import metric_info
from ogan_bench.files import Record
from ogan_bench.store.outcomes import collapse

Degenerate = Literal["collapsed", "chance", "floor"]
"""``collapsed``: the trial did, by the rules of :mod:`~ogan_bench.store.outcomes`; ``chance``:
more is better, and the value is no more than chance gives; ``floor``: less is better, and the value
is no more than finite samples of a perfect model give."""

ERRORS = 2.0
"""Standard errors by which a value may lie on the better side of its floor and still be at it."""

DEGENERATE = (
    "Degenerate values say nothing about how well the nets do: collapsed, the trial is; chance, no "
    "better than chance gives; floor, as low as a perfect model's finite samples."
)

ERRORS_EXPLAINED = (
    "Sampling error: the standard error of one trial's value from its finite number of samples; "
    "classifier sd: over the classifiers of an ensemble."
)


def degenerate(
    metric: str, value: float | None, floor: float | None, error: float | None, outcome: str
) -> Degenerate | None:
    """Why a value is degenerate, if it is.

    Args:
        metric: Its name. One without direction has no worse side, and only collapse counts.
        value: The value; None or nan if there is none.
        floor: What finite samples or chance alone would give; None or nan if unknown.
        error: Standard error of the value; None or nan counts as 0.
        outcome: Outcome of the trial.
    """
    if value is None or math.isnan(value):
        return None
    if outcome == "collapsed":
        return "collapsed"
    better = metric_info(metric).better
    if better is None or floor is None or math.isnan(floor):
        return None
    slack = 0.0 if error is None or math.isnan(error) else ERRORS * error
    if value <= floor + slack:
        return "chance" if better == "higher" else "floor"
    return None


def examined(rows: Sequence[Record], outcome: str | None = None) -> list[Record]:
    """Measurements of one trial, with ``degenerate`` and ``members_sd`` beside ``error``.

    Args:
        rows: As stored; older ones have no ``error`` and no ``members``.
        outcome: Outcome of the trial; ``None``: by the rule for collapse on these rows.
    """
    if outcome is None:
        outcome = "ok" if collapse(rows) is None else "collapsed"
    return [
        {"error": None, "members": None}
        | row
        | {
            "members_sd": spread(row.get("members")),
            "degenerate": degenerate(
                row["metric"], row["value"], row.get("floor"), row.get("error"), outcome
            ),
        }
        for row in rows
    ]


def spread(members: Sequence[float] | None) -> float | None:
    """Standard deviation of a value over the members of an ensemble; ``None`` without two."""
    if members is None or len(members) < 2:
        return None
    # As statistics.stdev, exactly, but with one fraction instead of several for each member.
    ratios = [float(value).as_integer_ratio() for value in members]
    unit = max(divisor for _, divisor in ratios)  # all are powers of two
    whole = [number * (unit // divisor) for number, divisor in ratios]
    n = len(whole)
    squares = n * sum(value * value for value in whole) - sum(whole) ** 2
    return math.sqrt(squares / (n * (n - 1) * unit * unit))


def degenerate_text(found: list[Degenerate], n: int) -> str:
    """How many of n values are degenerate, and why, for beside their mean.

    >>> degenerate_text(["collapsed", "collapsed", "chance"], 5)
    'collapsed 2/5, chance 1/5'
    """
    counts = ((kind, found.count(kind)) for kind in get_args(Degenerate))
    return ", ".join(f"{kind} {count}/{n}" for kind, count in counts if count)

"""The smallest defect that a quantity finds, with a false alarm in at most 5 % of cases.

An alarm is a value worse than all of 19 values of perfect samples: a twentieth perfect value is the
worst of the twenty with probability 1/20. A defect is found if it and every larger one raise an
alarm in all repeats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ogan_bench.evaluation.verification.distributions import Draw, modes, normal

NULLS = 19
"""Perfect sets that set the threshold."""


@dataclass(frozen=True)
class Family:
    """A defect of any size.

    Args:
        title: With its unit.
        real: The reference, the same for all sizes.
        samples: The samples at a size.
        sizes: Ascending.
    """

    title: str
    real: Draw
    samples: Callable[[float], Draw]
    sizes: Sequence[float]


SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Of modes of one reference, beside a mode with the rest."""


def _without(dropped: float) -> Draw:
    """The mode with this share dropped."""
    return modes(16, [1 - sum(SHARES), *(0.0 if share == dropped else share for share in SHARES)])


FAMILIES: dict[str, Family] = {
    "mean_shift": Family(
        "shift of the mean in each of 16 coordinates, in standard deviations",
        normal(16),
        lambda shift: normal(16, shift),
        (0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    ),
    "dropped_mode": Family(
        "share of the reference in a mode without samples",
        modes(16, [1 - sum(SHARES), *SHARES]),
        _without,
        SHARES,
    ),
}
"""All families by name."""


def smallest(
    nulls: Sequence[float], found: Mapping[float, Sequence[float]], sizes: Sequence[float]
) -> float | None:
    """The smallest size from which on all repeats are worse than every perfect value.

    Args:
        nulls: Oriented values of perfect samples.
        found: Maps each size to the oriented values of its repeats.
        sizes: Ascending.

    Returns:
        ``None``: not even the largest is found.
    """
    threshold, least = min(nulls), None
    for size in reversed(sizes):
        if max(found[size]) >= threshold:
            break
        least = size
    return least

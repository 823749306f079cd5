"""Which version of the rules decides the hypotheses."""

from __future__ import annotations

import math

PROCEDURE = 2
"""Version of the rules in docs/verdicts.md by which hypotheses are decided; a registration states
it. Version 1 is that of registrations that state none."""


def seeds_for_ranks(hypotheses: int, alpha: float) -> int:
    """Seeds from which a two-sided test by ranks can decide any one of a study's hypotheses.

    By ranks are tested arms with failed trainings, and counts. No p-value of n seeds is below
    ``2^-n`` a side, and Holm's procedure multiplies the smallest by the number of hypotheses.

    >>> seeds_for_ranks(1, 0.05), seeds_for_ranks(6, 0.05)
    (6, 8)
    """
    return math.ceil(math.log2(2 * max(hypotheses, 1) / alpha))

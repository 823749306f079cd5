"""The margin of a comparison with a reference: what the command line takes."""

from __future__ import annotations

import math

from ogan_bench.errors import UserError

MARGIN = "10%"
"""Default: the smallest share that shipped studies state as a margin."""


def share(text: str) -> float:
    """A margin such as ``10%`` as a share.

    Raises:
        UserError: It is not a percentage above 0.

    >>> share("12.5 %")
    0.125
    """
    try:
        value = float(text.strip().removesuffix("%")) / 100 if text.strip()[-1:] == "%" else 0.0
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise UserError(
            f"--margin {text}: a share of the reference's means above 0, such as {MARGIN}"
        )
    return value

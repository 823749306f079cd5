"""Standard errors against the spread over repeated draws."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

CHANCE = 1e-3
"""That the spread of so few draws rejects an error that is right."""


def assert_about_the_spread(
    values: Sequence[float], errors: Sequence[float], least: float = 0.6, most: float = 1.6
) -> None:
    """The mean standard error over the standard deviation of the values is within these bounds."""
    ratio = np.mean(errors) / np.std(values, ddof=1)
    assert least < ratio < most, ratio


def assert_is_the_spread(
    values: Sequence[float], errors: Sequence[float], too_large: float = 1.0
) -> None:
    """The standard errors are as large as the spread of the values, as far as these can tell.

    (n - 1) s² / σ² of n normal values is distributed as χ² with n - 1 degrees of freedom. So their
    standard deviation s is within 30 to 40 % of σ for 60 of them, and σ is the root mean square of
    the errors.

    Args:
        values: Of independent draws.
        errors: The standard error that each draw states.
        too_large: How many times too large the errors may be, where that is known and said.
    """
    n = len(values)
    ratio = math.sqrt(np.mean(np.square(errors))) / np.std(values, ddof=1)
    least, most = (math.sqrt((n - 1) / chi2.isf(p, n - 1)) for p in (CHANCE / 2, 1 - CHANCE / 2))
    assert least < ratio < too_large * most, ratio

"""Standard errors against the spread over repeated draws."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def assert_about_the_spread(
    values: Sequence[float], errors: Sequence[float], least: float = 0.6, most: float = 1.6
) -> None:
    """The mean standard error over the standard deviation of the values is within these bounds."""
    ratio = np.mean(errors) / np.std(values, ddof=1)
    assert least < ratio < most, ratio

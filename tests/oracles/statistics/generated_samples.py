"""Samples, pairs and error rates that the tests of statistics are tried on."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

REPETITIONS = 2000

numbers = st.integers(-100_000, 100_000).map(lambda value: value / 1000)
samples = st.lists(numbers, min_size=2, max_size=10)
pairs = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=10).map(
    lambda rows: tuple(np.array(rows).T)
)


def varies(*given_samples: list[float]) -> bool:
    return any(np.ptp(sample) > 0 for sample in given_samples)


def at_most(rate: float) -> float:
    """Upper limit of a share of repetitions, three standard errors above its expectation."""
    return rate + 3 * math.sqrt(rate * (1 - rate) / REPETITIONS)

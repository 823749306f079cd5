"""Shared by the oracles: the digits."""

from __future__ import annotations

import pytest

from ogan_bench.data import Dataset
from ogan_bench.data.sources.digits import digits


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits()

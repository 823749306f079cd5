"""Numbers, durations and lists as text."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from ogan_bench.analysis import formatting


@pytest.mark.parametrize(
    ("function", "argument", "text"),
    [
        (formatting.p_value, 0.00012, "p = 1.2e-4"),
        (formatting.p_value, math.nan, "p: –"),
        (formatting.duration, 90.0, "90 s"),
        (formatting.duration, 600.0, "10 min"),
        (formatting.duration, 9000.0, "2.5 h"),
        (formatting.number, math.nan, "–"),
        (formatting.number, -0.0, "0"),
        (formatting.join_words, ["a"], "a"),
        (formatting.join_words, ["a", "b", "c"], "a, b and c"),
    ],
)
def test_formatting(function: Callable[[Any], str], argument: object, text: str) -> None:
    assert function(argument) == text

"""Schedules of weights at their steps."""

from __future__ import annotations

from typing import Any

import pytest

from ogan_bench.objectives.parts.schedules import schedule

# Schedules


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (0.3, [0.3, 0.3, 0.3, 0.3]),
        ({"name": "constant", "weight": 2}, [2, 2, 2, 2]),
        ({"name": "warm_up", "weight": 2, "until": 0.8}, [0, 0.5, 1.875, 2]),
        ({"name": "warm_up", "weight": 2}, [0, 0.8, 2, 2]),
        ({"name": "off_at_end", "weight": 2, "after": 0.75}, [2, 2, 0, 0]),
        ({"name": "off_at_end", "weight": 2, "after": 0.8}, [2, 2, 2, 0]),
    ],
)
def test_schedules(weight: Any, expected: list[float]) -> None:
    chosen = schedule(weight)
    assert [chosen(progress) for progress in (0, 0.2, 0.75, 0.99)] == pytest.approx(expected)

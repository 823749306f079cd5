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
        ({"name": "cosine", "start": 3, "end": 3}, [3, 3, 3, 3]),
        ({"name": "cosine", "start": 5, "end": 1, "until": 0.4}, [5, 3, 1, 1]),
        ({"name": "cosine", "start": 0, "end": 2, "until": 0.6}, [0, 0.5, 2, 2]),
    ],
)
def test_schedules(weight: Any, expected: list[float]) -> None:
    chosen = schedule(weight)
    assert [chosen(progress) for progress in (0, 0.2, 0.75, 0.99)] == pytest.approx(expected)


def test_half_a_cosine_falls_from_start_to_end() -> None:
    """By default over the whole training, by half of the way at half of it."""
    falling: Any = {"name": "cosine", "start": 0.05, "end": 0.005}
    chosen = schedule(falling)
    values = [chosen(progress) for progress in (0.0, 0.25, 0.5, 0.75, 1.0)]
    way = 0.5**0.5 / 2
    wanted = [1.0, 0.5 + way, 0.5, 0.5 - way, 0.0]
    assert values == pytest.approx([0.005 + 0.045 * share for share in wanted])

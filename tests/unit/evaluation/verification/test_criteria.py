"""Which quantities are judged as what, and when they pass."""

from __future__ import annotations

import pytest

from ogan_bench.evaluation.verification.criteria import kind, passes


@pytest.mark.parametrize(
    ("quantity", "better", "expected"),
    [
        ("precision", "higher", "fidelity"),
        ("clipped_density", "higher", "fidelity"),
        ("recall", "higher", "diversity"),
        ("clipped_coverage", "higher", "diversity"),
        ("vendi", "higher", "diversity"),
        ("rke", "higher", "diversity"),
        ("fd_debiased", "lower", "distance"),
        ("authenticity", None, None),
    ],
)
def test_a_name_tells_what_is_measured(
    quantity: str, better: str | None, expected: str | None
) -> None:
    assert kind(quantity, better) == expected


def test_a_share_must_change_by_a_tenth_of_its_range_and_more_than_chance() -> None:
    base = [0.90, 0.91, 0.89]
    assert passes("worse", "fidelity", base, [0.70, 0.71, 0.69], 1.0)
    assert not passes("worse", "fidelity", base, [0.85, 0.86, 0.84], 1.0)
    assert passes("worse", "fidelity", base, [0.85, 0.86, 0.84], 0.3)
    assert not passes("worse", "fidelity", base, [0.3, 0.9, 0.9], 1.0)
    assert passes("same", "fidelity", base, [0.85, 0.86, 0.84], 1.0)
    assert not passes("same", "fidelity", base, [0.70, 0.71, 0.69], 1.0)
    assert not passes("same", "fidelity", base, [1.2, 1.21, 1.19], 1.0)
    assert passes("not better", "fidelity", base, [0.5, 0.5, 0.5], 1.0)
    assert not passes("not better", "fidelity", base, [1.2, 1.21, 1.19], 1.0)


def test_a_distance_must_exceed_chance_alone() -> None:
    base = [-1.0, -1.01, -0.99]
    assert passes("worse", "distance", base, [-1.1, -1.11, -1.09], 1000.0)
    assert not passes("worse", "distance", base, [-1.0, -1.2, -0.9], 1000.0)
    assert not passes("same", "distance", base, [-1.1, -1.11, -1.09], 1000.0)

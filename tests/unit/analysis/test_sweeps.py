"""Series of arms along a setting."""

from __future__ import annotations

from ogan_bench.analysis.sweeps import find_sweeps
from tests.unit.analysis.made_up_study import settings, study


def test_series_are_grouped_by_all_other_settings() -> None:
    arms = {
        f"{kind}_{weight:g}": settings(kind, weight=weight)
        for kind in ("pearson", "mse")
        for weight in (8.0, 0.0, 0.5)
    } | {"none": settings("none"), "pair_1": settings("cosine"), "pair_2": settings("cosine", 2)}
    found = find_sweeps(study(arms, {}))
    assert [(one.setting, one.name) for one in found] == [
        ("consistency_weight.weight", "pearson"),
        ("consistency_weight.weight", "mse"),
    ]
    assert found[0].levels == ((0.0, "pearson_0"), (0.5, "pearson_0.5"), (8.0, "pearson_8"))


def test_two_settings_make_series_along_each() -> None:
    arms = {
        f"{weight:g}_{steps}": settings(weight=weight, steps=steps)
        for weight in (0.5, 1.0, 2.0)
        for steps in (100, 200, 300)
    }
    found = find_sweeps(study(arms, {}))
    assert len(found) == 6
    assert {(one.setting, one.name) for one in found} == {
        ("steps", "weight 0.5"), ("steps", "weight 1.0"), ("steps", "weight 2.0"),
        ("consistency_weight.weight", "steps 100"), ("consistency_weight.weight", "steps 200"),
        ("consistency_weight.weight", "steps 300"),
    }  # fmt: skip


def test_parts_and_switches_are_no_levels() -> None:
    arms = {str(i): settings(images=None if i == 2 else i, ema=bool(i)) for i in range(3)}
    assert find_sweeps(study(arms, {})) == []

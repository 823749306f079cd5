"""Ablation: the base, what each arm changes, and what the change does."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from ogan_bench.analysis.ablation import ablation, changes
from ogan_bench.analysis.ranks import ranks
from tests.unit.analysis.made_up_study import ERRORS, STUDY, column, settings, study


def test_arms_on_other_data_have_no_difference() -> None:
    arms = {"full": settings(), "elsewhere": settings() | {"data": {"name": "ring"}}}
    of_arms = {"full": column(1.0, 2.0), "elsewhere": column(5.0, 6.0)}
    results = study(arms, {"reconstruction_mse": of_arms})
    assert math.isnan(results.difference("elsewhere", "full", "reconstruction_mse").estimate)
    cell = ablation(results, ["reconstruction_mse"]).rows[0]["cells"][0]
    assert math.isnan(cell["difference"])
    assert cell["better"] is None
    assert [row["cells"] for row in ranks(results)] == [[1.0], [1.0]]


def test_ablation_states_changes_and_what_they_do() -> None:
    table = ablation(STUDY, STUDY.record["metrics"])
    assert table.control == "full"
    no_term, heavy = table.rows
    assert no_term["changes"] == ["objective.consistency: pearson → none"]
    assert heavy["changes"] == ["objective.consistency_weight.weight: 0.5 → 8"]
    error, quality = no_term["cells"]
    own, other = (list(ERRORS[arm].values()) for arm in ("no_term", "full"))
    expected = stats.ttest_rel(own, other)
    assert error["difference"] == pytest.approx(2.0)
    assert error["difference_low"] == pytest.approx(expected.confidence_interval(0.95).low)
    assert error["better"] is False  # more of an error
    assert (quality["difference"], quality["better"]) == (0, None)
    assert heavy["cells"][0]["better"] is None
    assert math.isnan(heavy["cells"][1]["difference"])


def test_another_part_is_one_change_with_its_own_parameters() -> None:
    adam = {"name": "adam", "lr": 1e-4, "beta1": 0.0, "beta2": 0.999}
    shown = {"name": "adam", "lr": 1e-4, "beta1": 0.0}
    arms = {"a": settings(), "b": settings(optimizer=adam, images=100)}
    identities = {"a": settings(), "b": settings(optimizer=shown, images=100)}
    assert changes(study(arms, {}, identities=identities), "a", "b") == [
        "training.optimizer: rmsprop(lr=0.0001) → adam(lr=0.0001, beta1=0)",
        "training.images: none → 100",
    ]
    assert changes(study(arms, {}), "a", "a") == []

"""Arms against each other: pairs by seed, ablation, ranks, and series along a setting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ogan_bench.analysis.ablation import ablation, base_arm, changes
from ogan_bench.analysis.ranks import average_ranks, ranked_metrics, ranks
from ogan_bench.analysis.results import MEASURED, StudyResults
from ogan_bench.analysis.summary import leader, summarise
from ogan_bench.analysis.sweeps import find_series, metrics_along

Settings = dict[str, Any]
NAN = math.nan


def settings(consistency: str = "pearson", weight: float = 0.5, **training: Any) -> Settings:
    return {
        "data": {"name": "digits"},
        "objective": {
            "name": "composed",
            "consistency": {"name": consistency},
            "consistency_weight": {"name": "constant", "weight": weight},
        },
        "training": {"steps": 500, "optimizer": {"name": "rmsprop", "lr": 1e-4}, **training},
    }


def study(
    arms: dict[str, Settings],
    values: Mapping[str, Mapping[str, Mapping[int, float]]],
    hypotheses: list[dict[str, Any]] | None = None,
    identities: dict[str, Settings] | None = None,
) -> StudyResults:
    """Metric -> arm -> seed -> value."""
    rows = [
        dict.fromkeys(MEASURED)
        | {"arm": arm, "seed": seed, "metric": metric, "value": value, "floor": NAN}
        for metric, of_arms in values.items()
        for arm, of_seeds in of_arms.items()
        for seed, value in of_seeds.items()
    ]
    record: dict[str, Any] = {
        "folder": "demo", "arms": arms, "identities": identities or arms, "seeds": [0, 1, 2, 3],
        "metrics": list(values), "hypotheses": hypotheses or [],
    }  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(MEASURED), dtype=object)
    frame = frame.astype({"seed": int, "value": float, "floor": float})
    return StudyResults(Path(), record, frame, pd.DataFrame(), {}, ())


def column(*values: float) -> dict[int, float]:
    return dict(enumerate(values))


ARMS = {"full": settings(), "no_term": settings("none"), "heavy": settings(weight=8)}
ERRORS = {
    "full": column(1.0, 1.2, 1.1, 1.3),
    "no_term": column(3.0, 3.3, 3.1, 3.2),
    "heavy": column(1.05, 1.1, 1.2, 1.25),
}
QUALITY = {"full": column(0.5, 0.6), "no_term": column(0.5, 0.6), "heavy": column()}
STUDY = study(ARMS, {"reconstruction_mse": ERRORS, "latent_rho": QUALITY})


def test_values_are_paired_on_common_seeds() -> None:
    of_arms = {"full": {0: 1.0, 2: 2.0, 3: 4.0}, "no_term": {3: 1.0, 1: 9.0, 2: 1.5}}
    results = study(ARMS, {"reconstruction_mse": of_arms})
    own, other, paired = results.pairs("full", "no_term", "reconstruction_mse")
    assert paired
    assert (own.tolist(), other.tolist()) == ([2.0, 4.0], [1.5, 1.0])


def test_too_few_common_seeds_are_not_paired() -> None:
    of_arms = {"full": {0: 1.0, 1: 2.0}, "no_term": {1: 3.0, 2: 5.0, 3: NAN}}
    results = study(ARMS, {"reconstruction_mse": of_arms})
    own, other, paired = results.pairs("full", "no_term", "reconstruction_mse")
    assert not paired
    assert (own.tolist(), other.tolist()) == ([1.0, 2.0], [3.0, 5.0])
    rows = summarise(results).set_index("arm")
    assert rows.loc["no_term", "paired_n"] == 0
    assert rows["correlation"].isna().all()
    welch = stats.ttest_ind([3.0, 5.0], [1.0, 2.0], equal_var=False).confidence_interval(0.95)
    assert rows.loc["no_term", "difference_low"] == pytest.approx(welch.low)


def test_a_leader_is_found_by_paired_differences() -> None:
    wide = [10.0, 20.0, 30.0, 40.0]
    of_arms = {"full": column(*wide), "no_term": column(*(x + 1 + 0.1 * (x > 15) for x in wide))}
    arms = {name: ARMS[name] for name in of_arms}
    assert leader(study(arms, {"reconstruction_mse": of_arms}), "reconstruction_mse") == "full"
    assert stats.ttest_ind(*(list(v.values()) for v in of_arms.values())).pvalue > 0.5


def test_arms_on_other_data_have_no_difference() -> None:
    arms = {"full": settings(), "elsewhere": settings() | {"data": {"name": "ring"}}}
    of_arms = {"full": column(1.0, 2.0), "elsewhere": column(5.0, 6.0)}
    results = study(arms, {"reconstruction_mse": of_arms})
    assert math.isnan(results.difference("elsewhere", "full", "reconstruction_mse").estimate)
    cell = ablation(results)["rows"][0]["cells"][0]
    assert math.isnan(cell["difference"])
    assert cell["better"] is None
    assert [row["cells"] for row in ranks(results)] == [[1.0], [1.0]]


def test_ablation_states_changes_and_what_they_do() -> None:
    table = ablation(STUDY)
    assert table["base"] == "full"
    no_term, heavy = table["rows"]
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


def test_better_follows_the_direction_of_the_metric() -> None:
    rising = {arm: column(*(x + 0.01 * i for i, x in enumerate([y] * 4))) for arm, y in
              (("full", 0.5), ("no_term", 0.2), ("heavy", 0.9))}  # fmt: skip
    rising["heavy"] = column(0.9, 0.92, 0.95, 0.91)
    rows = ablation(study(ARMS, {"latent_rho": rising}))["rows"]
    assert [row["cells"][0]["better"] for row in rows] == [False, True]
    means = {"full": column(1.0, 2.0), "no_term": column(8.0, 9.1), "heavy": column(0.0, 0.1)}
    undirected = ablation(study(ARMS, {"gradient_cosine_output": means}))["rows"]
    assert all(row["cells"][0]["better"] is None for row in undirected)


def test_the_base_is_the_arm_that_others_are_nearest_to() -> None:
    arms = {
        "strange": settings("mse", weight=9, steps=100),
        "leave_term": settings("none"),
        "full": settings(),
        "leave_weight": settings(weight=0.0),
    }
    results = study(arms, {})
    assert base_arm(results) == "full"
    assert base_arm(study({"a": settings(), "b": settings("none")}, {})) == "a"


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


def test_ranks_follow_the_means() -> None:
    assert ranked_metrics(STUDY) == ["reconstruction_mse", "latent_rho"]
    assert ranks(STUDY) == [
        {"arm": "full", "cells": [1.5, 1.5], "mean_rank": 1.5},
        {"arm": "no_term", "cells": [3.0, 1.5], "mean_rank": 2.25},
        {"arm": "heavy", "cells": [1.5, 3.0], "mean_rank": 2.25},
    ]  # fmt: skip


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=12))
def test_ranks_are_those_of_scipy(values: list[int]) -> None:
    assert average_ranks([float(value) for value in values]) == stats.rankdata(values).tolist()


def test_missing_values_rank_last_together() -> None:
    assert average_ranks([NAN, 3.0, NAN, 1.0]) == [3.5, 2.0, 3.5, 1.0]
    assert average_ranks([NAN, NAN]) == [None, None]


def test_series_are_grouped_by_all_other_settings() -> None:
    arms = {
        f"{kind}_{weight:g}": settings(kind, weight=weight)
        for kind in ("pearson", "mse")
        for weight in (8.0, 0.0, 0.5)
    } | {"none": settings("none"), "pair_1": settings("cosine"), "pair_2": settings("cosine", 2)}
    found = find_series(study(arms, {}))
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
    found = find_series(study(arms, {}))
    assert len(found) == 6
    assert {(one.setting, one.name) for one in found} == {
        ("steps", "weight 0.5"), ("steps", "weight 1.0"), ("steps", "weight 2.0"),
        ("consistency_weight.weight", "steps 100"), ("consistency_weight.weight", "steps 200"),
        ("consistency_weight.weight", "steps 300"),
    }  # fmt: skip


def test_parts_and_switches_are_no_levels() -> None:
    arms = {str(i): settings(images=None if i == 2 else i, ema=bool(i)) for i in range(3)}
    assert find_series(study(arms, {})) == []


def test_metrics_of_the_hypotheses_are_shown_along_series() -> None:
    metrics: dict[str, dict[str, dict[int, float]]] = {
        name: {} for name in ("reconstruction_mse", "fd_classifier", "latent_rho", "kd_classifier")
    }
    tested: list[dict[str, Any]] = [{"metric": "latent_rho"}, {"metric": None}]
    assert metrics_along(study(ARMS, metrics, tested)) == ["latent_rho"]
    assert metrics_along(study(ARMS, metrics)) == list(metrics)[:3]


def test_values_keep_the_order_of_seeds() -> None:
    assert np.array_equal(STUDY.values("heavy", "reconstruction_mse"), [1.05, 1.1, 1.2, 1.25])
    assert STUDY.by_seed("heavy", "latent_rho") == {}

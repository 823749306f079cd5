"""Planning of seeds by a pilot and by assumption."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import ogan_bench.statistics as statistics
from ogan_bench.analysis.evidence import Evidence, gather
from ogan_bench.analysis.hypothesis_tests import run_test
from ogan_bench.analysis.p_values import p_values_of
from ogan_bench.analysis.power import Assumed, plan
from ogan_bench.analysis.results import StudyResults
from ogan_bench.study.hypotheses import Comparison, MeanInRange
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import shipped_studies
from tests.unit.analysis.made_up_values import results

Array = NDArray[np.float64]


def test_plan_by_a_pilot_takes_its_estimates_for_the_truth() -> None:
    study = load_study(shipped_studies()["mse_vs_pearson"])
    hypothesis = study.hypotheses[1]
    noisy = np.random.default_rng(1).normal(size=(2, 5)) + 10
    pilot = results({"pearson": noisy[0].tolist(), "none": noisy[1].tolist()}, [])
    plans = {entry.hypothesis.id: entry for entry in plan(study, pilot, [3, 10])}
    known = plans[hypothesis.id]
    assert known.level == pytest.approx(0.05 / 6)
    assert 0 < known.chances[3] < known.chances[10] <= 1
    assert known.chances[3] == run_test(
        pilot, hypothesis, gather(pilot, hypothesis), 0.05
    ).power_at(3, known.level)
    assert plans["squared_norm_fails"].note == "the pilot has no arm mse"


def test_plan_by_assumption_needs_relative_margins() -> None:
    study = load_study(shipped_studies()["mse_vs_pearson"])
    loose, tight = (plan(study, Assumed(spread, 0.2), [5])[0].chances[5] for spread in (0.2, 0.05))
    paired = plan(study, Assumed(0.2, 0.2, correlation=0.9), [5])[0].chances[5]
    assert loose < paired < tight
    swept = load_study(shipped_studies()["lambda_sweep"])
    notes = {entry.hypothesis.test: entry.note for entry in plan(swept, Assumed(0.1, 0.1), [5])}
    assert notes["trend"] == "needs a pilot"
    assert notes["superiority"] == ""


@pytest.mark.parametrize("test", ["superiority", "non_inferiority", "equivalence"])
def test_power_of_a_share_scales_the_control_as_the_test_does(test: str) -> None:
    """The estimates of a pilot as the truth, against studies drawn from them."""
    rng = np.random.default_rng(0)
    pilot = rng.multivariate_normal([10.4, 10.0], [[1.2, 0.5], [0.5, 1.0]], size=8)
    entry = {"id": "h", "claim": "c", "metric": "fd_classifier", "arm": "a", "control": "b",
             "test": test, "margin": "25%"}  # fmt: skip
    hypothesis = Comparison.model_validate(entry)
    stored = results(dict(zip("ab", pilot.T.tolist(), strict=True)), [])
    found = run_test(stored, hypothesis, gather(stored, hypothesis), 0.05).power_at(5, 0.05)
    mean, covariance, decided = pilot.mean(0), np.cov(pilot.T), {"claim": 0, "opposite": 0}
    for _ in range(1500):
        x = rng.multivariate_normal(mean, covariance, size=5)
        evidence = Evidence(
            {arm: {k: np.array([v]) for k, v in enumerate(row)}
             for arm, row in zip("ab", x.T, strict=True)},
            {arm: dict.fromkeys(range(5), "ok") for arm in "ab"},
        )  # fmt: skip
        p = p_values_of(hypothesis, evidence)
        decided["claim"] += p.claim < 0.05
        decided["opposite"] += p.opposite < 0.05
    assert found == pytest.approx(max(decided.values()) / 1500, abs=0.06)


def with_members(table: Array, control: Array) -> StudyResults:
    """Two arms in the classifiers of an ensemble, shape (seeds, classifiers)."""
    arms = {"a": table, "b": control}
    return results(
        {arm: values.mean(1).tolist() for arm, values in arms.items()},
        [],
        members={arm: [tuple(row) for row in values.tolist()] for arm, values in arms.items()},
    )


@pytest.mark.parametrize("margin", [None, {"value": 0.5}, "20%"])
def test_power_and_detectable_difference_count_classifiers_as_the_test_does(margin: Any) -> None:
    """By a pilot whose classifiers differ more than its seeds."""
    rng = np.random.default_rng(0)
    control = 10 + rng.normal(size=(5, 5))
    arm = control - 2.0 + 2.0 * rng.normal(size=5) + 0.3 * rng.normal(size=(5, 5))
    entry = {"id": "h", "claim": "c", "metric": "fd_classifier", "arm": "a", "control": "b",
             "test": "superiority", "margin": margin}  # fmt: skip
    hypothesis = Comparison.model_validate(entry)
    stored = with_members(arm, control)
    found = run_test(stored, hypothesis, gather(stored, hypothesis), 0.05)
    share = margin == "20%"
    factor, bound = (0.8, 0.0) if share else (1.0, -0.5 if margin else 0.0)
    tested = factor * control + bound - arm
    expected = statistics.power(
        "superiority", n=7, difference=float(tested.mean()), sides=2,
        crossed=statistics.crossed_spread(tested),
    )  # fmt: skip
    assert found.power_at(7, 0.05) == pytest.approx(expected)
    detected = statistics.detectable_difference(
        n=7, alpha=0.05, sides=2, crossed=statistics.crossed_spread(arm - control)
    )
    unit = 100 / control.mean() if share else 1.0
    assert found.detectable(7, 0.05) == pytest.approx(unit * detected)


def test_power_of_a_range_counts_classifiers_as_the_test_does() -> None:
    rng = np.random.default_rng(0)
    table = 10 + rng.normal(size=5) + 0.1 * rng.normal(size=(5, 5))
    entry = {"id": "h", "claim": "c", "metric": "fd_classifier", "arm": "a", "test": "interval",
             "range": [9.0, None]}  # fmt: skip
    hypothesis = MeanInRange.model_validate(entry)
    stored = with_members(table, table)
    found = run_test(stored, hypothesis, gather(stored, hypothesis), 0.05)
    expected = statistics.power_of_mean(
        9, float(table.mean()), statistics.crossed_spread(table), 9.0, math.inf, 0.05
    )
    assert found.power_at(9, 0.05) == pytest.approx(expected)


def test_a_pilot_of_two_seeds_says_nothing_about_their_spread() -> None:
    study = load_study(shipped_studies()["mse_vs_pearson"])
    pilot = results({"pearson": [1.0, 1.2], "none": [2.0, 2.3]}, [])
    notes = {entry.hypothesis.id: entry.note for entry in plan(study, pilot, [5])}
    assert notes["quality_is_kept"] == "the pilot has 2 seeds; 3 or more are needed"


def test_power_of_an_order_needs_a_pilot_of_all_arms() -> None:
    study = load_study(shipped_studies()["lambda_sweep"])
    hypothesis = next(one for one in study.hypotheses if one.test == "trend")
    rng = np.random.default_rng(0)
    arms = {arm: (4.0 - k + 0.2 * rng.normal(size=4)).tolist()
            for k, arm in enumerate(hypothesis.tested_arms)}  # fmt: skip
    plans = {entry.hypothesis.id: entry for entry in plan(study, results(arms, []), [3, 8])}
    known = plans[hypothesis.id]
    assert 0 < known.chances[3] <= known.chances[8]
    assert known.needed is not None

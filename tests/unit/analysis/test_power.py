"""Planning of seeds by a pilot and by assumption."""

from __future__ import annotations

import numpy as np
import pytest

from ogan_bench.analysis.hypothesis_tests import run_test
from ogan_bench.analysis.power import Assumed, plan
from ogan_bench.study.load import load_study
from ogan_bench.study.shipped import shipped_studies
from tests.unit.analysis.made_up_values import results


def test_plan_by_a_pilot_takes_its_estimates_for_the_truth() -> None:
    study = load_study(shipped_studies()["mse_vs_pearson"])
    hypothesis = study.hypotheses[1]
    noisy = np.random.default_rng(1).normal(size=(2, 5)) + 10
    pilot = results({"pearson": noisy[0].tolist(), "none": noisy[1].tolist()}, [])
    plans = {entry.hypothesis.id: entry for entry in plan(study, pilot, [3, 10])}
    known = plans[hypothesis.id]
    assert known.level == pytest.approx(0.05 / 6)
    assert 0 < known.chances[3] < known.chances[10] <= 1
    assert known.chances[3] == run_test(pilot, hypothesis, 0.9).power_at(3, known.level)
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

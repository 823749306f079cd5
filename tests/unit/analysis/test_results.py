"""Values of the trials of a study, by seed and in pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ogan_bench.analysis.loading import load_log
from ogan_bench.analysis.results import runs
from tests.unit.analysis.made_up_study import ARM_SETTINGS, STUDY, study
from tests.unit.analysis.made_up_values import FD, results
from tests.unit.analysis.study_with_pictures import ERRORS, load, write


def test_the_control_is_the_one_that_most_hypotheses_name() -> None:
    def control(*named: str | None) -> str:
        return study(ARM_SETTINGS, {}, [{"control": name} for name in named]).control

    assert control() == control(None) == "full"  # the first arm
    assert control("heavy", None, "no_term", None, "no_term") == "no_term"
    assert control("no_term", "heavy") == "no_term"  # the first of those named as often


def test_an_arm_that_is_compared_with_many_controls_is_the_control_itself() -> None:
    def control(*pairs: tuple[str, str]) -> str:
        hypotheses = [{"arm": arm, "control": other} for arm, other in pairs]
        return study(ARM_SETTINGS, {}, hypotheses).control

    assert control(("full", "heavy"), ("full", "no_term")) == "full"
    assert control(("full", "heavy"), ("full", "no_term"), ("full", "heavy")) == "heavy"
    assert control(("full", "heavy"), ("no_term", "heavy")) == "heavy"
    assert control(("full", "heavy"), ("heavy", "no_term")) == "heavy"  # no arm is in both


def test_values_are_paired_on_common_seeds() -> None:
    of_arms = {"full": {0: 1.0, 2: 2.0, 3: 4.0}, "no_term": {3: 1.0, 1: 9.0, 2: 1.5}}
    found = study(ARM_SETTINGS, {"reconstruction_mse": of_arms})
    own, other, paired = found.pairs("full", "no_term", "reconstruction_mse")
    assert paired
    assert (own.tolist(), other.tolist()) == ([2.0, 4.0], [1.5, 1.0])


def test_values_are_by_classifier_where_all_trials_were_measured_in_as_many() -> None:
    found = results(
        {"a": [2.0, 3.0], "b": [4.0, 5.0]},
        [],
        members={"a": [(1.0, 3.0), (2.0, 4.0)], "b": [(4.0, 4.0), (5.0, 5.0)]},
    )
    assert found.sample("a", FD).tolist() == [[1, 3], [2, 4]]
    own, other, paired = found.pairs("a", "b", FD)
    assert paired
    assert (own.tolist(), other.tolist()) == ([[1, 3], [2, 4]], [[4, 4], [5, 5]])
    assert found.values("a", FD).tolist() == [2, 3]
    mixed = results({"a": [2.0, 3.0]}, [], members={"a": [(1.0, 3.0), (2.0, 3.0, 4.0)]})
    assert mixed.sample("a", FD).tolist() == [2, 3]
    assert results({"a": [2.0]}, []).sample("a", FD).tolist() == [2]


def test_values_keep_the_order_of_seeds() -> None:
    assert np.array_equal(STUDY.values("heavy", "reconstruction_mse"), [1.05, 1.1, 1.2, 1.25])
    assert STUDY.by_seed("heavy", "latent_rho") == {}


def test_rows_of_a_trial_are_found_together(tmp_path: Path) -> None:
    log = load_log(load(write(tmp_path)))
    found = [(arm, seed, log["step"].to_numpy()[rows].tolist()) for arm, seed, rows in runs(log)]
    assert found == [(arm, seed, [10, 20]) for arm in ERRORS for seed in range(3)]
    assert list(runs(log.iloc[:0])) == []

"""Verification of all quantities, on fewer and smaller experiments."""

from __future__ import annotations

import pytest

from ogan_bench.evaluation.fidelity.diversity import MEASURES
from ogan_bench.evaluation.verification import verify
from ogan_bench.evaluation.verification.experiments import EXPERIMENTS
from ogan_bench.evaluation.verification.smallest_defect import FAMILIES
from ogan_bench.evaluation.verification.tables import limit_table, outcome_tables


def test_every_quantity_with_a_direction_is_judged() -> None:
    kinds = verify.judged()
    assert {"fd", "kd", "precision", "recall"} <= set(kinds)
    without_direction = {"authenticity", "data_copying", "fld_gap"}
    assert set(MEASURES) - set(kinds) <= without_direction | {"cmmd"}  # of CLIP only
    assert kinds["density"] == "fidelity"
    assert kinds["coverage"] == "diversity"


def test_known_strengths_and_weaknesses_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    few = ("mode_dropped", "one_for_two_modes", "memorised")
    monkeypatch.setattr(verify, "EXPERIMENTS", {name: EXPERIMENTS[name] for name in few})
    found = verify.outcomes(200, 3)
    passed = {(o.experiment, o.quantity): o.passed for o in found}
    assert passed["mode_dropped", "precision"]
    assert passed["mode_dropped", "recall"]
    assert passed["mode_dropped", "fd"]
    assert not passed["one_for_two_modes", "fd"]  # it compares two moments only
    assert passed["one_for_two_modes", "precision"]
    assert not passed["memorised", "fd"]  # it rewards copies
    text = outcome_tables(found)
    assert "| one of two modes dropped | same |" in text
    assert "**fail**" in text


def test_a_quantity_finds_a_shift_but_not_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    family = FAMILIES["mean_shift"]
    small = type(family)(family.title, family.real, family.samples, (0.001, 2.0))
    monkeypatch.setattr(verify, "FAMILIES", {"mean_shift": small})
    found = verify.limits(100, 2, without=["ndb", "ndb_js"])
    least = {limit.quantity: limit.smallest for limit in found}
    assert least["fd"] == 2.0
    assert "ndb" not in least
    assert "n = 100 |" in limit_table(found)

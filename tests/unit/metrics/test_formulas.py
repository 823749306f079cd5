"""Every metric has a formula, and `describe` shows it."""

from __future__ import annotations

import json

from ogan_bench.metrics import METRICS, formula_for
from ogan_bench.metrics.formulas import FORMULAS
from tests.unit.cli.asking import ask


def test_every_metric_has_one_and_every_one_a_metric() -> None:
    found = {name: formula_for(name) for name in METRICS}
    assert [name for name, formula in found.items() if formula is None] == []
    assert set(found.values()) == set(FORMULAS.values())


def test_a_quantity_has_the_same_in_every_space_under_every_name() -> None:
    assert formula_for("fid") == formula_for("fd_classifier") == FORMULAS["fd"]
    assert formula_for("fid_debiased") == formula_for("fd_debiased_clip") == FORMULAS["fd_debiased"]
    assert formula_for("knn_accuracy_5_pca") == FORMULAS["knn_accuracy"]
    assert formula_for("of_a_plug_in") is None


def test_describe_shows_it() -> None:
    entry = json.loads(ask("describe", "metric", "latent_rho", "--json"))
    assert entry["formula"] == FORMULAS["latent_rho"]
    assert f"formula {FORMULAS['latent_rho']}" in " ".join(
        ask("describe", "metric", "latent_rho").split()
    )

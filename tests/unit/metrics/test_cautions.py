"""Cautions: they are about metrics that exist, and `describe` shows them."""

from __future__ import annotations

import json
import re

from ogan_bench.metrics import METRICS
from ogan_bench.metrics.cautions import CAUTIONS, caution_for
from ogan_bench.metrics.formulas import FORMULAS
from tests.unit.cli.asking import ask


def test_every_caution_is_about_a_metric() -> None:
    found = {caution_for(name) for name in METRICS} - {None}
    assert found == set(CAUTIONS.values())
    named = {name for text in CAUTIONS.values() for name in re.findall(r"`([a-z]\w+)`", text)}
    assert named <= set(METRICS)


def test_every_ending_that_a_caution_names_is_that_of_a_metric() -> None:
    for stem, text in CAUTIONS.items():
        for ending in re.findall(r"`(_\w+)`", text):
            assert any(re.fullmatch(rf"{stem}(_\w+)?{ending}", name) for name in METRICS), stem


IN_THE_DEFINITION = {"sap", "sap_correlation"}
"""Quantities whose definition says itself when they mislead."""


def test_every_quantity_has_one() -> None:
    assert set(CAUTIONS) == set(FORMULAS) - IN_THE_DEFINITION


def test_a_quantity_has_its_caution_in_every_space_under_every_name() -> None:
    assert caution_for("fid") == caution_for("fd_classifier") == CAUTIONS["fd"]
    assert caution_for("modes_kl_classifier") == CAUTIONS["modes_kl"]
    assert caution_for("kid") == caution_for("kd_clip") == CAUTIONS["kd"]
    assert caution_for("fd_debiased_classifier") == CAUTIONS["fd_debiased"]
    assert "copies of training images score best" in CAUTIONS["fd"]


def test_describe_shows_it() -> None:
    entry = json.loads(ask("describe", "metric", "latent_rho", "--json"))
    assert entry["caution"] == CAUTIONS["latent_rho"]
    shown = " ".join(ask("describe", "metric", "latent_rho").split())
    assert "caution It is measured on generated images" in shown

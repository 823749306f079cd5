"""Models of parts: short forms, and the types of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.study.load import load_study
from tests.unit.study.written_plugin import check_refused
from tests.unit.study.written_study import STUDY


def test_short_forms_of_objective_and_weight(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        STUDY.replace(
            "  adam:",
            "  composed: {objective: {name: composed}}\n  vae: {objective: vae}\n"
            "  warm: {objective: {consistency_weight: {name: warm_up, weight: 2}}}\n  adam:",
        ),
        encoding="utf-8",
    )
    study = load_study(path)
    assert study.arms["composed"] == study.arms["pearson"]
    assert study.arms["vae"].objective.name == "vae"
    weight = study.arms["warm"].objective.parameters()["consistency_weight"]
    assert (weight.name, weight.parameters()) == ("warm_up", {"weight": 2.0, "until": 0.5})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "def f(z, *, w: Colour = 1):\n    '''F.'''\nCONSISTENCY = {'f': f}",
            "type of 'w': name 'Colour' is not defined",
        ),
    ],
)
def test_errors_in_a_plugin_name_the_file(plugin_study: Path, text: str, message: str) -> None:
    check_refused(plugin_study, text, message)

"""Objectives as formulas."""

from __future__ import annotations

import json
from pathlib import Path

from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.methods import methods
from ogan_bench.analysis.objective_formula import formula
from ogan_bench.study.catalogue import parts
from tests.unit.analysis.study_with_pictures import load, write

REFERENCE = Path(__file__).parents[3] / "results" / "reference"


def test_the_parts_of_a_composed_objective_say_what_the_symbols_mean() -> None:
    found = methods(load_results(REFERENCE, "equal_rivals")).formula
    assert found.lines == [
        "E: min f(s(x)) + g(s(G(z))) + w·c + p",
        "G: min h(s(G(z))) + w·c",
    ]
    assert list(found.symbols) == ["f, g, h", "s", "c", "w", "p"]
    assert found.symbols["c"] == parts("consistency")["pearson"].summary
    assert found.symbols["w"] == "0.5"
    assert found.symbols["p"].endswith("; weight=0.25, norm=mean_square.")
    assert found.others["objective = bigan_qp"].startswith("BiGAN-QP: a critic of pairs")
    assert "composed(" not in json.dumps([found.lines, found.symbols], ensure_ascii=False)


def test_every_published_objective_has_a_meaning() -> None:
    for path in REFERENCE.glob("*/study.json"):
        for arm in json.loads(path.read_text())["arms"].values():
            found = formula(arm["objective"])
            assert found.symbols
            assert bool(found.lines) == (arm["objective"]["name"] == "composed")


def test_other_arms_say_what_their_own_parts_are() -> None:
    found = methods(load_results(REFERENCE, "mse_vs_pearson")).formula
    assert found.symbols["c"] == "No consistency term: zero."
    assert found.symbols["w"] == "0.5"
    assert list(found.others) == ["c = pearson", "c = mse", "c = mse_mean"]  # 32: in the ablation
    assert found.others["c = mse"] == parts("consistency")["mse"].summary


def test_parts_that_are_not_shipped_are_named_with_their_settings() -> None:
    own = {"name": "absolute", "power": 2}
    found = formula({"name": "composed", "consistency": own, "penalty_schedule": None})
    assert found.symbols == {"c": "absolute(power=2)"}
    assert formula({"name": "my_system", "beta": 3}).symbols == {"objective": "my_system(beta=3)"}
    assert formula({}).lines == []


def test_the_setup_and_the_header_of_a_study_are_beside_it(tmp_path: Path) -> None:
    stored = methods(load_results(REFERENCE, "mse_vs_pearson"))
    assert list(stored.header) == ["Source", "Expected"]
    assert list(stored.setup) == ["data", "nets", "steps", "batch", "optimiser"]
    assert stored.setup["steps"] == "1,500"
    results = load(write(tmp_path))
    results.record["header"] = {"Question": "Does it?", "Cost": "1 h", "Expected": "Yes."}
    assert methods(results).header == {"Expected": "Yes."}

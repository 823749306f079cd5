"""What is said of an arm along with its nets: the verdicts of its study, or why there are none."""

from __future__ import annotations

import json
from pathlib import Path

from ogan_bench.analysis.arm_verdicts import arm_verdicts, verdicts_on_trial
from ogan_bench.analysis.loading import load_results
from ogan_bench.encoder.shipped import SHIPPED
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.study_with_pictures import register, trial, write

REFERENCE = Path(__file__).parent.parent.parent.parent / "results" / "reference"


def test_verdicts_are_those_that_name_the_arm_in_any_place() -> None:
    results = load_results(REFERENCE, "mse_vs_pearson")
    pearson = arm_verdicts(results, "pearson")
    assert pearson["standing"] == "registered"
    assert "no hypothesis" not in pearson["none"]
    first = pearson["verdicts"][0]
    assert (first["decision"], first["rests_on"], first["n"]) == ("supported", "robust", [10, 10])
    assert "0.01373" in first["reason"]
    (strong,) = arm_verdicts(results, "pearson_strong")["verdicts"]
    assert (strong["decision"], strong["rests_on"]) == ("uninformative", "")
    assert strong not in pearson["verdicts"]


def test_a_trial_knows_how_its_study_stands(tmp_path: Path) -> None:
    folder = trial(write(tmp_path), "none", 0)
    found = verdicts_on_trial(folder.path)
    assert found is not None
    assert found["standing"] == "not registered"
    assert [verdict["claim"] for verdict in found["verdicts"]] == ["It is."]
    register(tmp_path)
    (trial(tmp_path, "pea_rson", 1).path / "result.json").unlink()
    found = verdicts_on_trial(folder.path)
    assert found is not None
    assert found["standing"] == "preliminary; registered"


def test_where_there_are_none_it_says_why(tmp_path: Path) -> None:
    folder = trial(write(tmp_path), "none", 0).path
    assert verdicts_on_trial(tmp_path / "elsewhere") is None
    assert verdicts_on_trial(folder.parent) is None  # of an arm, not of a trial
    store = TrialStore(tmp_path)
    record = store.read_study("demo")
    one = {
        "id": "low", "claim": "Low.", "test": "interval", "arm": "pea_rson",
        "metric": "reconstruction_mse", "range": [0, 1],
    }  # fmt: skip
    for hypotheses, why in (([one], "names this arm"), ([], "states no hypotheses")):
        store.write_study("demo", {**record, "hypotheses": hypotheses})
        found = verdicts_on_trial(folder)
        assert found is not None
        assert found["verdicts"] == []
        assert why in found["none"]
    (tmp_path / "demo" / "study.json").write_text("{")
    found = verdicts_on_trial(folder)
    assert found is not None
    assert "cannot be read" in found["none"]
    assert "study.json" in found["none"]


def test_the_shipped_encoder_has_the_verdicts_of_its_published_study() -> None:
    stored = json.loads((SHIPPED / "digits" / "verdicts.json").read_text(encoding="utf-8"))
    facts = json.loads((SHIPPED / "digits" / "nets.json").read_text(encoding="utf-8"))
    assert stored == arm_verdicts(load_results(REFERENCE, facts["study"]), facts["arm"])

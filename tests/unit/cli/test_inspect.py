"""Commands that only look: list, describe, plan and schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ogan_bench.errors import StudyError, UserError
from ogan_bench.study.catalogue import KINDS
from ogan_bench.study.shipped import shipped_studies
from tests.unit.cli.asking import ask

ROOT = Path(__file__).parents[3]
STUDY = str(ROOT / "studies" / "mse_vs_pearson.yaml")


@pytest.mark.parametrize("what", ["objectives", *KINDS, "metrics", "studies"])
def test_list_as_text_and_as_json(what: str) -> None:
    entries = json.loads(ask("list", what, "--json"))
    text = ask("list", what)
    assert entries
    for entry in entries:
        assert entry["name"] in text
        assert entry["summary"]


def test_status_says_how_the_study_stands(tmp_path: Path) -> None:
    arguments = ("status", STUDY, "--scale", "smoke", "--results", str(tmp_path))
    stored = json.loads(ask(*arguments, "--json"))
    assert stored["standing"] == {
        "text": "preliminary; not registered", "registered": None, "deviations": [],
        "complete": False,
    }  # fmt: skip
    assert {row["state"] for row in stored["trials"]} == {"missing"}
    first = ask(*arguments).split("\n")[0]
    assert first == "mse_vs_pearson-smoke: preliminary; not registered"


def test_describe_counts_the_parameters_of_the_authors_nets() -> None:
    facts = json.loads(
        ask(
            "describe",
            "model",
            "dcgan",
            "--resolution",
            "128",
            "--z-dim",
            "128",
            "--json",
        )
    )
    assert facts["encoder"]["parameters"] == 19_515_904
    assert facts["generator"]["parameters"] == 19_531_267
    assert facts["encoder"]["layers"][-1]["output"] == [128]
    assert facts["generator"]["layers"][-1]["output"] == [3, 128, 128]
    assert sum(layer["parameters"] for layer in facts["encoder"]["layers"]) == 19_515_904
    assert "19,515,904 parameters" in ask("describe", "model")


def test_describe_refuses_what_there_is_not() -> None:
    with pytest.raises(StudyError, match="Did you mean 'dcgan'"):
        ask("describe", "model", "dcgn")
    with pytest.raises(UserError, match="16, 32, 64, 128 or 256"):
        ask("describe", "model", "--resolution", "100")


@pytest.mark.parametrize(
    ("kind", "part", "words"),
    [
        ("objective", "bigan_qp", ("code_weight", "1811", "E(x)")),
        ("consistency", "pearson", ("ρ(z, E(G(z)))", "1903.01931")),
        ("penalty", "gradient_penalty", ("weight", "1704.00028")),
        ("readouts", "avg", ("avg(e)", "1903.01931")),
    ],
)
def test_describe_gives_formula_source_and_parameters(
    kind: str, part: str, words: tuple[str, ...]
) -> None:
    text = ask("describe", kind, part)
    for word in words:
        assert word in text
    assert json.loads(ask("describe", kind, part, "--json"))["name"] == part


def test_describe_knows_what_is_near() -> None:
    with pytest.raises(UserError, match="Did you mean 'pearson'"):
        ask("describe", "consistency", "perason")
    with pytest.raises(UserError, match=r"unknown kind 'objectif'\. Did you mean 'objectives'"):
        ask("describe", "objectif", "vae")
    with pytest.raises(UserError, match="describe schedule: name one of constant, warm_up"):
        ask("describe", "schedule")


def test_plan_counts_and_measures() -> None:
    facts = json.loads(ask("plan", STUDY, "--no-measure", "--json"))
    assert facts["trials"] == 25
    assert facts["training_seconds"] is None
    facts = json.loads(
        ask("plan", STUDY, "--scale", "smoke", "--arms", "pearson", "--device", "cpu", "--json")
    )
    assert (facts["trials"], facts["steps"]) == (2, 80)
    assert facts["training_seconds"] > 0
    assert "pearson" in ask("plan", STUDY, "--no-measure")


def test_plan_says_where_seeds_are_too_few_for_ranks() -> None:
    """By the seeds that would be run, not those of the file."""
    few = ask("plan", STUDY, "--no-measure", "--seeds", "0,1")
    assert "take 8 seeds to decide one of 6 hypotheses first, not 2." in few
    assert "seeds to decide" not in ask("plan", STUDY, "--no-measure", "--seeds", "0,1,2,3,4,5,6,7")


def test_committed_schema_is_up_to_date() -> None:
    committed = (ROOT / "studies" / "study.schema.json").read_text(encoding="utf-8")
    is_current = ask("schema") == committed  # a difference of 8,000 lines helps nobody
    assert is_current, "rewrite it: ogan-bench schema > studies/study.schema.json"


def test_shipped_studies_are_found_by_name() -> None:
    assert "mse_vs_pearson" in shipped_studies()
    facts = json.loads(ask("plan", "mse_vs_pearson", "--no-measure", "--json"))
    assert facts["study"] == "mse_vs_pearson"

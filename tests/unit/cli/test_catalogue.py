"""``list``, ``describe`` and ``schema``: what a study file may name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ogan_bench.cli.catalogue import Listed
from ogan_bench.errors import StudyError, UserError
from ogan_bench.metrics import METRICS
from ogan_bench.study import catalogue
from tests.unit.cli.asking import ask

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("what", list(Listed))
def test_list_as_text_and_as_json(what: str) -> None:
    entries = json.loads(ask("list", what, "--json"))
    text = ask("list", what)
    assert entries
    for entry in entries:
        assert entry["name"] in text
        assert entry["summary"]


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
        ("optimizer", "adam", ("lr·m̂ / (√v̂ + ε)", "1412.6980", "β2, how much of v is kept")),
        ("optimizer", "rmsprop", ("lr·g / (√v + ε)", "bojone", "alpha")),
        ("augmentation", "diff_augment", ("g + 2u(x - g)", "2006.10738", "cutout")),
    ],
)
def test_describe_gives_formula_source_and_parameters(
    kind: str, part: str, words: tuple[str, ...]
) -> None:
    text = ask("describe", kind, part)
    for word in words:
        assert word in text
    assert json.loads(ask("describe", kind, part, "--json"))["name"] == part


@pytest.mark.parametrize("kind", list(Listed))
def test_what_is_listed_can_be_described(kind: Listed) -> None:
    """Metrics and studies could be listed alone."""
    entry = json.loads(ask("list", kind, "--json"))[0]
    if kind is not Listed.MODELS:
        described = json.loads(ask("describe", kind, entry["name"], "--json"))
        assert described.items() >= entry.items()
        assert entry["summary"].split("\n")[0] in ask("describe", kind, entry["name"])


def test_describe_metric_has_its_definition() -> None:
    metric = METRICS["fd_classifier"]
    text = ask("describe", "metric", "fd_classifier")
    shown = (metric.title, metric.definition, "lower", metric.source, metric.protocol, "classifier")
    assert all(part in text for part in shown)


def test_describe_study_has_what_it_compares() -> None:
    facts = json.loads(ask("describe", "study", "mse_vs_pearson", "--json"))
    assert facts["arms"] == ["none", "pearson", "mse", "mse_mean", "pearson_strong"]
    assert "smoke" in facts["scales"]
    assert len(facts["hypotheses"]) == 6


def test_ranges_are_said_in_words() -> None:
    text = ask("describe", "dataset", "digits")
    assert re.search(r"resolution +int, 8 to 256 +16", text)
    for kind in catalogue.KINDS:
        for part in catalogue.parts(kind).values():
            for parameter in part.parameters:
                assert not re.search(r"Annotated|Field|Literal|Positive|Part", parameter.values)


def test_of_many_names_only_those_near_or_the_first_are_listed() -> None:
    with pytest.raises(UserError, match="Did you mean 'fd_classifier'") as near:
        ask("describe", "metric", "fd_clasifier")
    with pytest.raises(UserError, match=r"Did you mean '.*wasserstein.*'") as part:
        ask("describe", "metric", "wasserstein")
    with pytest.raises(UserError, match=r"Known: .* and \d+ more\.") as none:
        ask("describe", "metric", "xyzzy")
    for refused in (near, part, none):
        assert len(str(refused.value)) < 600


def test_describe_knows_what_is_near() -> None:
    with pytest.raises(UserError, match="Did you mean 'pearson'"):
        ask("describe", "consistency", "perason")
    with pytest.raises(UserError, match=r"unknown kind 'objectif'\. Did you mean 'objectives'"):
        ask("describe", "objectif", "vae")
    with pytest.raises(UserError, match=r"unknown kind 'metrc'\. Did you mean 'metrics'"):
        ask("describe", "metrc", "x")
    with pytest.raises(UserError, match="Did you mean 'fd_classifier'"):
        ask("describe", "metric", "fd_clasifier")
    with pytest.raises(UserError, match="describe schedule: name one of constant, warm_up"):
        ask("describe", "schedule")


def test_a_name_alone_is_described_where_nothing_else_has_it() -> None:
    for kind, name in (("objective", "lia"), ("metric", "fd_classifier"), ("study", "packing")):
        assert ask("describe", name, "--json") == ask("describe", kind, name, "--json")
    assert ask("describe", "resnet") == ask("describe", "model", "resnet")
    with pytest.raises(UserError, match="more than one 'none'; one of ") as several:
        ask("describe", "none")
    assert "`ogan-bench describe penalty none`" in str(several.value)
    with pytest.raises(UserError, match=r"neither a kind nor a name\. Did you mean 'pearson'"):
        ask("describe", "perason")


def test_committed_schema_is_up_to_date() -> None:
    committed = (ROOT / "studies" / "study.schema.json").read_text(encoding="utf-8")
    is_current = ask("schema") == committed  # a difference of 8,000 lines helps nobody
    assert is_current, "rewrite it: ogan-bench schema > studies/study.schema.json"

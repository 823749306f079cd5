"""Errors in a study file are reported with their place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ogan_bench.errors import UserError
from ogan_bench.study.load import load_study
from tests.unit.study.written_study import STUDY, problems


def test_all_errors_are_reported_at_once_each_with_its_place(tmp_path: Path) -> None:
    bad = (
        STUDY.replace("width: 4", "widht: 4")
        .replace("adversarial: linear", "adversarial: linar")
        .replace("lr: 1e-4", "lr: fast")
        .replace("metrics: [reconstruction_mse]", "metrics: [reconstruction_mes]")
        .replace("none: {objective: {consistency: none}}", "none: {objective: {consistncy: none}}")
        .replace("base: {training: {steps: 20}}", "base: {training: {steps: -1}}")
    )
    found = problems(tmp_path, bad)
    for expected in (
        "bad.yaml:5:34: base.model.widht: unknown key. Did you mean 'width'?",
        "bad.yaml:7:5: base.objective.adversarial: unknown name 'linar'. Did you mean 'linear'?",
        "bad.yaml:15:22: arms.none.objective.consistncy: unknown key. Did you mean 'consistency'?",
        "bad.yaml:24:23: scales.big.base.training.steps: Input should be greater than 0 (got -1)",
    ):
        assert expected in found
    assert any(
        line.startswith("bad.yaml:13:32: base.training.optimizer.lr:") and "'fast'" in line
        for line in found
    )
    assert any("bad.yaml:19:1: metrics: no metric 'reconstruction_mes'" in f for f in found)
    assert len(found) == 6


@pytest.mark.parametrize("key", ["", " ", "a\nb", "\x1b[2J"])
def test_a_key_that_cannot_be_seen_is_quoted(tmp_path: Path, key: str) -> None:
    (line,) = problems(tmp_path, STUDY + f"{json.dumps(key)}: 1\n")
    assert f": {key!r}: unknown key." in line


def test_yaml_errors_have_a_place(tmp_path: Path) -> None:
    assert problems(tmp_path, "name: [1\nbase: 2\n")[0].startswith("bad.yaml:2:")
    assert "duplicate key" in problems(tmp_path, "name: a\nname: b\n")[0]
    assert problems(tmp_path, "- a\n") == [
        "bad.yaml:1:1: a study file is a mapping with name, base, arms, ..."
    ]


ODD_VALUE = r"bad\.yaml:\d+:8: not valid YAML: not a value of its type"
TOO_DEEP = r"bad\.yaml:1:\d+: not valid YAML: maximum depth"
NO_VERSION = r"bad\.yaml:\d+:1: not valid YAML: only versions 1\.1 and 1\.2 are known"
NO_FILE = r"bad\.yaml:\d+:\d+: plugins.0: .*cannot be read as a plug-in"
NO_SEED = r"bad\.yaml:\d+:\d+: seeds.0: .*less than"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (STUDY + "extra: !!bool maybe\n", ODD_VALUE),
        (STUDY + "extra: !!int\n", ODD_VALUE),
        ("a: " + "[" * 2000 + "]" * 2000, TOO_DEEP),
        ("%YAML 1.7\n---\n" + STUDY, NO_VERSION),
        (STUDY.replace("arms:", "%YAML 9.9\narms:"), NO_VERSION),
        (STUDY + 'plugins: ["a\\0b"]\n', NO_FILE),
        (STUDY.replace("seeds: [0, 1]", f"seeds: [{2**63}]"), NO_SEED),
    ],
)
def test_what_would_break_the_reader_is_a_problem_with_a_place(
    tmp_path: Path, text: str, place: str
) -> None:
    assert any(re.match(place, line) for line in problems(tmp_path, text))


def test_errors_in_nested_parts_have_a_place(tmp_path: Path) -> None:
    text = STUDY.replace(
        "  adam:",
        "  a: {objective: {consistency_weight: {name: warm_up, weight: 2, untl: 1}}}\n"
        "  b: {objective: {name: separate, consistency: perason}}\n"
        "  c: {objective: {consistency_weight: -1}}\n  adam:",
    )
    assert problems(tmp_path, text) == [
        "bad.yaml:17:66: arms.a.objective.consistency_weight.untl: unknown key. "
        "Did you mean 'until'?",
        "bad.yaml:18:35: arms.b.objective.consistency: unknown name 'perason'. "
        "Did you mean 'pearson'?",
        "bad.yaml:19:19: arms.c.objective.consistency_weight.weight: Input should be greater than "
        "or equal to 0 (got -1)",
    ]


def test_missing_file_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="list studies"):
        load_study(tmp_path / "nothing.yaml")

"""A real validator accepts every study that is shown, and refuses what the tool refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator
from ruamel.yaml import YAML

from ogan_bench.study.schema import json_schema
from ogan_bench.study.shipped import shipped_studies

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shown() -> dict[str, str]:
    """The whole studies on all pages: those that have a name, a base and arms."""
    texts = {
        f"{page.relative_to(ROOT)} {number}": str(text)
        for page in PAGES
        for number, text in enumerate(
            re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        )
    }
    keys = ("name:", "base:", "arms:")
    return {
        name: text
        for name, text in texts.items()
        if all(re.search(f"^{key}", text, re.MULTILINE) for key in keys)
    }


STUDIES = {name: path.read_text("utf-8") for name, path in shipped_studies().items()} | shown()
OWN_ARM = next(text for name, text in shown().items() if "own_arm.md" in name)


def parsed(text: str) -> Any:
    """As editors read it: with the types of JSON."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))


@pytest.fixture(scope="module", params=[Draft202012Validator, Draft7Validator])
def validator(request: pytest.FixtureRequest) -> Validator:
    """By the draft of the schema, and by that which editors of YAML assume."""
    schema = json_schema()
    request.param.check_schema(schema)
    made: Validator = request.param(schema)
    return made


def test_there_are_studies_on_pages() -> None:
    assert {name.split()[0] for name in shown()} >= {"docs/studies.md", "docs/guide/own_arm.md"}


def test_every_shown_study_is_valid(validator: Validator) -> None:
    for name, text in STUDIES.items():
        assert [error.message for error in validator.iter_errors(parsed(text))] == [], name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("plugins: [my_terms.py]\n", ""),  # then nothing is called absolute
        ("width: 16", "widht: 16"),
        ("name: rmsprop,", "name: rmsprop, beta1: 0.5,"),
        ("{consistency: absolute,", "{consistncy: absolute,"),
        ("  training: {steps: 1500,", "  trainig: {steps: 1500,"),
        ("pearson: {title: Pearson}", "pearson: {tilte: Pearson}"),
    ],
)
def test_mistakes_are_found_beside_plugins(validator: Validator, old: str, new: str) -> None:
    assert OWN_ARM.count(old) == 1
    assert not validator.is_valid(parsed(OWN_ARM.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("consistency: absolute,", "consistency: {name: absolute, power: 2},"),
        ("model: {name: dcgan,", "model: {name: my_net, depth: 3,"),
        ("objective: {adversarial: linear,", "objective: {name: my_system, adversarial: 3,"),
        ("name: rmsprop,", "name: my_optimizer, momentum: 0.5,"),
    ],
)
def test_parts_of_plugins_have_any_parameters(validator: Validator, old: str, new: str) -> None:
    text = OWN_ARM.replace(old, new)
    assert text != OWN_ARM
    assert validator.is_valid(parsed(text))
    assert not validator.is_valid(parsed(text.replace("plugins: [my_terms.py]\n", "")))

"""The language server of editors takes every study that is shown, and finds mistakes in each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editor.language_server import LanguageServer
from tests.studies.test_schema import STUDIES

FOLDER = Path(__file__).parents[2] / "studies"
SCHEMA = "# yaml-language-server: $schema=./study.schema.json\n"
PROGRAM = shutil.which("yaml-language-server")

pytestmark = [
    pytest.mark.editor,
    pytest.mark.skipif(PROGRAM is None, reason="needs yaml-language-server: nox -s editor"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    assert PROGRAM is not None
    with LanguageServer(PROGRAM, FOLDER) as started:
        yield started


def lines(text: str) -> str:
    """The study with the line that names its schema, which an example on a page may lack."""
    return text if SCHEMA in text else SCHEMA + text


def test_every_study_is_free_of_problems(server: LanguageServer) -> None:
    found = {name: server.problems(lines(text)) for name, text in STUDIES.items()}
    assert {name: said for name, said in found.items() if said} == {}


def test_a_mistake_is_found_in_every_study(server: LanguageServer) -> None:
    """So the schema is read, and for each of them."""
    for name, text in STUDIES.items():
        mistaken = lines(text) + "\nsedes: [0]\n"
        last = mistaken.count("\n") - 1
        assert server.problems(mistaken) == [(last, "Property sedes is not allowed.")], name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("consistency: mse}", "consistncy: mse}"),
        ("name: rmsprop,", "name: rmspropp,"),
        ("width: 16,", "width: -16,"),
        ("seeds: [", "seeds: [zero, "),
        ("test: superiority", "test: superior"),
    ],
)
def test_a_mistake_is_marked_where_it_is(server: LanguageServer, old: str, new: str) -> None:
    before, found, after = STUDIES["mse_vs_pearson"].partition(old)
    assert found
    line = before.count("\n")
    assert {at for at, _ in server.problems(before + new + after)} == {line}


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        ("{consistncy: mse}", "Property consistncy is not allowed."),
        ("{consistency: {name: pearson, wieght: 3}}", "Property wieght is not allowed."),
        ("{name: bigan, wieght: 1}", "Property wieght is not allowed."),
        ("{name: bigann}", 'Value is not accepted. Valid values: "composed", "separate", '),
        ("{consistency: pearsn}", 'Value is not accepted. Valid values: "pearson", "scaled_'),
    ],
)
def test_a_mistake_is_told_of_the_part_that_has_it(
    server: LanguageServer, objective: str, said: str
) -> None:
    text = STUDIES["mse_vs_pearson"]
    line = text[: text.index("\narms:\n")].count("\n") + 2
    (problem,) = server.problems(
        text.replace("\narms:\n", f"\narms:\n  own: {{objective: {objective}}}\n")
    )
    assert problem[0] == line
    assert problem[1].startswith(said)


def test_names_and_keys_are_offered(server: LanguageServer) -> None:
    start = f"{SCHEMA}name: x\nbase:\n  objective:\n    "
    names = server.completions(start + "consistency: ")
    assert {"pearson", "mse", "cosine"} <= set(names)
    keys = server.completions(start + "con")
    assert {"consistency", "consistency_weight"} <= set(keys)
    training = f"{SCHEMA}name: x\narms:\n  a:\n    training:\n      generator_optimizer:"
    assert {"adam", "rmsprop"} <= set(server.completions(f"{training} "))
    assert "beta1" in server.completions(f"{training}\n        name: adam\n        be")

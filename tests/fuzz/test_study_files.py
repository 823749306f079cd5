"""Whatever a study file holds, it is a study or the problems with it, each with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given

from ogan_bench.errors import UserError
from ogan_bench.study.load import load_study
from ogan_bench.study.yaml_errors import plain
from ogan_bench.study.yaml_text import parse_yaml
from tests.fuzz.mutations import examples, flow, mangled, mutated
from tests.unit.study.written_study import STUDY

EXAMPLES = 25
"""Of each test in CI."""

TREE = plain(parse_yaml(STUDY))


def check(folder: Path, text: str) -> None:
    """Load a study with this text."""
    path = folder / "bad.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    for scale in (None, "big"):
        try:
            load_study(path, scale=scale)
        except UserError as error:
            first = str(error).splitlines()[0]
            assert re.match(rf"{re.escape(str(path))}(:\d+:\d+)?: \S", first), first
    assert [file.name for file in folder.iterdir()] == ["bad.yaml"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples, each of which leaves nothing but its file."""
    return tmp_path_factory.mktemp("study")


@examples(EXAMPLES)
@given(tree=mutated(TREE))
def test_other_values(folder: Path, tree: object) -> None:
    check(folder, flow(tree))


@examples(EXAMPLES)
@given(text=mangled(STUDY))
def test_other_text(folder: Path, text: str) -> None:
    check(folder, text)

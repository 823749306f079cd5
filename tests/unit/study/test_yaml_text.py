"""YAML that asks for too much, or whose values are not of their types."""

from __future__ import annotations

import pytest
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from ogan_bench.study.diffs import parse_overrides
from ogan_bench.study.shipped import shipped_studies
from ogan_bench.study.yaml_text import MAX_DEPTH, MAX_LENGTH, MAX_VALUES, _size, parse_yaml


def bomb(levels: int) -> str:
    """A document of some hundred bytes with 9 ** levels values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 3000 + "]" * 3000, "maximum depth"),
        ("{a: " * 3000 + "1" + "}" * 3000, "maximum depth"),
        ("- " * 3000 + "1", "maximum depth"),
        (bomb(40), f"more than {MAX_VALUES:,} values"),
        ("x" * (MAX_LENGTH + 1), f"more than {MAX_LENGTH:,} characters"),
    ],
)
def test_what_asks_for_too_much_is_refused(text: str, problem: str) -> None:
    with pytest.raises(YAMLError, match=problem):
        parse_yaml(text)


def test_no_value_is_parsed_after_the_first_too_many() -> None:
    """What comes after it would be an error of its own."""
    with pytest.raises(YAMLError, match=f"more than {MAX_VALUES:,} values"):
        parse_yaml("- 1\n" * MAX_VALUES + "}")


def test_an_anchor_may_be_named_again() -> None:
    assert parse_yaml("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize("text", ["a: &a\n  b: *a\n", "a: &a [*a]\n"])
def test_a_value_never_contains_itself(text: str) -> None:
    assert _size(parse_yaml(text), {}) == 3


@pytest.mark.parametrize(
    "value",
    ["!!bool maybe", "!!int x", "9" * 5000, "2001-99-01", "!!float [1]", '"half a pair \\ud800"'],
)
def test_a_value_that_is_not_of_its_type_has_a_place(value: str) -> None:
    with pytest.raises(MarkedYAMLError) as caught:
        parse_yaml(f"a: 1\nb: {value}")
    mark = caught.value.problem_mark
    assert (mark.line, mark.column) == (1, 3)
    assert parse_overrides([f"training.steps={value}"])[0] == {"training": {"steps": value}}


@pytest.mark.parametrize("key", ["{adam: {lr: 1}}", "[a, b]", "{}", "[[a]]"])
def test_a_key_that_is_no_single_value_has_a_place(key: str) -> None:
    with pytest.raises(MarkedYAMLError, match="a key must be a single value") as caught:
        parse_yaml(f"a: 1\n? {key}\n: 2")
    assert (caught.value.problem_mark.line, caught.value.problem_mark.column) == (1, 2)


def test_depth_and_size_allow_what_studies_need() -> None:
    parse_yaml("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    assert _size(parse_yaml(bomb(4)), {}) == 1 + sum(
        1 + 9**i + sum(9**j for j in range(1, i)) for i in range(1, 5)
    )
    for path in shipped_studies().values():
        assert _size(parse_yaml(path.read_text(encoding="utf-8")), {}) < MAX_VALUES / 10

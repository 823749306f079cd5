"""Annotations of plug-ins: what may be evaluated, and that nothing else is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ogan_bench.errors import PluginError
from ogan_bench.study import catalogue, parts, settings
from ogan_bench.study.annotations import unsafe_part
from ogan_bench.study.plugins import add_plugins

SAFE = [
    "int",
    "float | None",
    "list[int]",
    "tuple[float, float]",
    "tuple[int, ...]",
    "Literal['a', 'b', 4, -1, True, None]",
    "Annotated[float, Field(ge=0, lt=1)]",
    "Annotated[float, Field(gt=-1)] | Literal['none']",
    "PositiveFloat",
]

UNSAFE = {
    "[print('ran'), float][1]": "[print('ran'), float][1]",
    "print('ran')": "print('ran')",
    "list[print('ran')]": "print('ran')",
    "Annotated[float, open('ran', 'w')]": "open('ran', 'w')",
    "Annotated[float, Field(gt=print('ran'))]": "print('ran')",
    "Annotated[float, Field(default_factory=print)]": "print",
    "Annotated[float, Field(**{'gt': 1})]": "Field(**{'gt': 1})",
    "Annotated[float, Field(print('ran'))]": "Field(print('ran'))",
    "Literal[print('ran')]": "print('ran')",
    "(lambda: float)()": "(lambda: float)()",
    "float.__class__": "float.__class__",
    "f'{print(1)}'": "f'{print(1)}'",
    "'__import__(\"os\")'": "'__import__(\"os\")'",
    "list['print(1)']": "'print(1)'",
    "float if print('ran') else int": "float if print('ran') else int",
    "(x := float)": "(x := float)",
    "[float for _ in print('ran')]": "[float for _ in print('ran')]",
}


@pytest.mark.parametrize("source", SAFE)
def test_types_of_names_and_constants_are_safe(source: str) -> None:
    assert unsafe_part(ast.parse(source, mode="eval").body) is None


@pytest.mark.parametrize("source", UNSAFE)
def test_what_could_run_code_is_named(source: str) -> None:
    found = unsafe_part(ast.parse(source, mode="eval").body)
    assert found is not None
    assert ast.dump(ast.parse(found, mode="eval")) == ast.dump(
        ast.parse(UNSAFE[source], mode="eval")
    )


@pytest.mark.parametrize("source", UNSAFE)
def test_a_plugin_with_such_a_type_is_refused_and_not_run(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plugin = tmp_path / "hidden.py"
    plugin.write_text(
        "open('imported', 'w')\n"
        f"def term(*, delta: {source} = 1.0):\n    pass\n"
        'CONSISTENCY = {"hidden": term}\n',
        encoding="utf-8",
    )
    with pytest.raises(PluginError, match=r"hidden\.py:2: the type of 'delta' may not contain"):
        add_plugins([plugin])
    assert "hidden" not in catalogue.names("consistency")
    assert [path.name for path in tmp_path.iterdir()] == ["hidden.py"]


def test_a_name_that_is_no_type_is_refused(tmp_path: Path) -> None:
    """Built-in functions are out of reach too."""
    plugin = tmp_path / "named.py"
    plugin.write_text(
        'def term(*, delta: exit = 1.0):\n    pass\nCONSISTENCY = {"named": term}\n',
        encoding="utf-8",
    )
    try:
        catalogue.add_plugin(plugin)
        with pytest.raises(PluginError, match=r"type of 'delta': name 'exit' is not defined"):
            parts.model("consistency", "named")
    finally:
        catalogue.unregister_plugins()
        settings.rebuild_models()

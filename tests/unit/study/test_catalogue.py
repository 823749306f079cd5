"""The catalogue read from the source agrees with the imported program."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

from ogan_bench.study import catalogue, parts


@pytest.mark.parametrize("kind", catalogue.KINDS)
def test_reading_the_source_agrees_with_importing_it(kind: str) -> None:
    file, variable = catalogue.KINDS[kind]
    module = importlib.import_module(
        "ogan_bench." + file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    )
    literal = getattr(module, variable)
    assert catalogue.names(kind) == list(literal)
    for name, part in catalogue.parts(kind).items():
        function = literal[name]
        keyword_only = {
            parameter.name: parameter.default
            for parameter in inspect.signature(function).parameters.values()
            if parameter.kind is parameter.KEYWORD_ONLY
        }
        assert {p.name: p.default for p in part.parameters} == keyword_only
        assert part.doc == inspect.getdoc(function)
        assert part.summary.endswith((".", ":")), f"{kind} {name} needs a summary line"
        parts.model(kind, name)
        assert catalogue.function(kind, name) is function


def test_no_torch_is_imported_for_a_study() -> None:
    program = (
        "import sys; from pathlib import Path; from ogan_bench.study.load import load_study;"
        "load_study(Path('studies/mse_vs_pearson.yaml'));"
        "print([m for m in ('torch', 'pandas', 'scipy') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=catalogue.PACKAGE.parent,
    )
    assert found.stdout.strip() == "[]"

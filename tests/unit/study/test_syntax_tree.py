"""Parts read from the source agree with the imported program; nothing is executed."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from ogan_bench.errors import StudyError
from ogan_bench.study import catalogue, parts
from ogan_bench.study.load import load_study
from tests.unit.study.written_plugin import PLUGIN, check_refused


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


def test_parts_are_validated_without_being_executed(plugin_study: Path) -> None:
    plugin = plugin_study.parent / "my_terms.py"
    plugin.write_text(PLUGIN + "\nraise SystemExit('executed')\n", encoding="utf-8")
    load_study(plugin_study)
    with pytest.raises(StudyError, match=r"delta: Input should be greater than 0"):
        load_study(
            plugin_study,
            overrides=[
                "objective={name: composed, adversarial: linear, "
                "readout: avg, penalty: none, "
                "consistency: {name: huber, delta: -1}}"
            ],
        )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CONSISTENCY = {'f': f}", "no function f in this file"),
        ("CONSISTENCY = {'f': lambda z: z}", "must map names to functions"),
        (
            "def f(z, *, w=max(1, 2)):\n    '''F.'''\nCONSISTENCY = {'f': f}",
            "the default of 'w' must be a literal",
        ),
    ],
)
def test_errors_in_a_plugin_name_the_file(plugin_study: Path, text: str, message: str) -> None:
    check_refused(plugin_study, text, message)

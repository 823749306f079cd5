"""The documentation says how much CI tries, as the tests have it."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from tests.e2e import test_faults
from tests.fuzz import (
    test_flags,
    test_guided,
    test_guided_stored_files,
    test_stored_files,
    test_stored_nets,
    test_study_files,
)
from tests.unit.runner import test_killed_run

DOCUMENTATION = Path(__file__).parent.parent.parent / "docs" / "reliability.md"


def number_of_tests(module: ModuleType) -> int:
    """How many tests a file has, one for each parameter."""
    tests = [item for name, item in vars(module).items() if name.startswith("test_")]
    marks = [getattr(test, "pytestmark", []) for test in tests]
    each = [[len(m.args[1]) for m in mark if m.name == "parametrize"] for mark in marks]
    return sum(sum(parameters) or 1 for parameters in each)


def test_the_documentation_counts_what_ci_tries() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8").partition("## How many\n")[2]
    rows = re.findall(r"^\| [^|]*`(\w+)\.py` \| (?:one in )?(\d+) \|", text, re.MULTILINE)
    fuzzed = (test_study_files, test_flags, test_stored_files, test_stored_nets)
    assert {name: int(count) for name, count in rows} == {
        **{
            module.__name__.rpartition(".")[2]: module.EXAMPLES * number_of_tests(module)
            for module in fuzzed
        },
        "test_guided": test_guided.EXECUTIONS,
        "test_guided_stored_files": test_guided_stored_files.EXECUTIONS,
        "test_killed_run": test_killed_run.CI_STEPS,
        "test_faults": number_of_tests(test_faults),
    }

"""The catalogue imports nothing heavy, and names the plug-in that it cannot take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ogan_bench.errors import PluginError
from ogan_bench.study import catalogue
from tests.unit.study.written_plugin import check_refused


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:", "cannot be read as a plug-in: invalid syntax"),
        ("x = 1", "define at least one of DATASETS, ARCHITECTURES"),
        ("CONSISTENCY = {'pearson': f}\ndef f(z):\n    '''F.'''", "'pearson' already exists"),
        ("def m(codes):\n    '''M.'''\nMETRICS = {'m': m}", "exactly one keyword-only parameter"),
    ],
)
def test_errors_in_a_plugin_name_the_file(plugin_study: Path, text: str, message: str) -> None:
    check_refused(plugin_study, text, message)


def test_a_plugin_is_a_file_that_ends() -> None:
    with pytest.raises(PluginError, match=r"/dev/zero: cannot be read .*not a regular file"):
        catalogue.add_plugin(Path("/dev/zero"))

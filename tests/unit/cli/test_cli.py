"""The cost of asking for help."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["bench", "--help"],
        ["plan", "--help"],
        ["register", "--help"],
        ["tune", "--help"],
        ["--version"],
    ],
)
def test_help_imports_neither_torch_nor_pandas(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ogan_bench", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & {"torch", "pandas", "scipy", "numpy", "matplotlib"}

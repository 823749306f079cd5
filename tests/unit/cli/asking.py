"""Commands that are asked in this process."""

from __future__ import annotations

from typer.testing import CliRunner

from ogan_bench.cli import app


def ask(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout

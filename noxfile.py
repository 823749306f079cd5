"""What CI runs: ``nox`` alone does lint, types, tests and the smoke study."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

ROOT = Path(__file__).parent
CONSTRAINTS = str(ROOT / "constraints.txt")

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "tests", "smoke"]
nox.options.error_on_missing_interpreters = True


def pinned(name: str) -> str:
    """``name==version`` as the constraints file has it."""
    lines = Path(CONSTRAINTS).read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install(pinned("ruff"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Strict type check."""
    session.install("-e", ".[dev]", "-c", CONSTRAINTS)
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """All tests that need neither a GPU nor a network; arguments go to pytest."""
    session.install("-e", ".[dev]", "-c", CONSTRAINTS)
    session.run("pytest", "-m", "not gpu and not network", "-n", "2", *session.posargs)


@nox.session
def smoke(session: nox.Session) -> None:
    """The shipped study end to end through the command line, in seconds."""
    session.install("-e", ".", "-c", CONSTRAINTS)
    out = Path(session.create_tmp()) / "results"
    shutil.rmtree(out, ignore_errors=True)
    study = ("studies/mse_vs_pearson.yaml", "--scale", "smoke")
    session.run("ogan-bench", "run", *study, "--out", str(out))
    session.run("ogan-bench", "run", *study, "--out", str(out))  # has nothing to do
    session.run("ogan-bench", "status", *study, "--results", str(out))
    session.run("ogan-bench", "report", "--results", str(out))

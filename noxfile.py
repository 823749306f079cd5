"""What CI runs: ``nox`` alone does lint, types, tests and the smoke study."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nox

ROOT = Path(__file__).parent
CONSTRAINTS = str(ROOT / "constraints.txt")
COMPILED = {"UV_COMPILE_BYTECODE": "1"}
"""The tests start many interpreters; without bytecode each of them would compile torch again."""

FRONT_STUDY = "mse_vs_pearson"
FRONT = re.compile(r"(<!-- result:begin .*?-->\n).*?(<!-- result:end -->)", re.DOTALL)

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "smoke", "tests"]
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
    session.install("-e", ".[dev]", "-c", CONSTRAINTS, env=COMPILED)
    session.run("pytest", "-m", "not gpu and not network", "-n", "2", *session.posargs)


@nox.session
def smoke(session: nox.Session) -> None:
    """The shipped study end to end through the command line, in seconds."""
    session.install("-e", ".", "-c", CONSTRAINTS, env=COMPILED)
    out = Path(session.create_tmp()) / "results"
    shutil.rmtree(out, ignore_errors=True)
    study = ("studies/mse_vs_pearson.yaml", "--scale", "smoke")
    session.run("ogan-bench", "run", *study, "--out", str(out))
    session.run("ogan-bench", "run", *study, "--out", str(out))  # has nothing to do
    session.run("ogan-bench", "status", *study, "--results", str(out))
    session.run("ogan-bench", "report", "--results", str(out))


@nox.session(default=False, python=False)
def publish(session: nox.Session) -> None:
    """Copy a study's results to where they are committed: nox -s publish -- NAME."""
    (name,) = session.posargs
    reference = ROOT / "results" / "reference"
    shutil.rmtree(reference / name, ignore_errors=True)
    private = shutil.ignore_patterns("*.pt", ".lock", "progress.json")
    shutil.copytree(ROOT / "results" / name, reference / name, ignore=private)
    session.run("ogan-bench", "report", "--results", str(reference), external=True)
    if name == FRONT_STUDY:
        write_front(reference / name)


def write_front(folder: Path) -> None:
    """Put verdicts and table of a published report between the marks in the README."""
    report = (folder / "report.md").read_text(encoding="utf-8")
    verdicts = report.partition("## Verdicts\n")[2].partition("\n![")[0]
    table = report.partition("## Results\n")[2].partition("\nDifferences to")[0]
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    front = f"{verdicts.strip()}\n\n{table.strip()}\n"
    filled = FRONT.sub(lambda marks: f"{marks[1]}{front}{marks[2]}", text)
    readme.write_text(filled, encoding="utf-8")

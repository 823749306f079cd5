"""What CI runs: ``nox`` alone does lint, types, tests and the smoke study."""

from __future__ import annotations

import json
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
STUDIES = re.compile(r"(<!-- studies:begin .*?-->\n).*?(<!-- studies:end -->)", re.DOTALL)

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
    session.run("ogan-bench", "report", name, "--results", str(reference), external=True)
    if name == FRONT_STUDY:
        fill(FRONT, front(reference / name))
    keep_small(reference / name)
    listed = session.run("ogan-bench", "list", "studies", "--json", external=True, silent=True)
    fill(STUDIES, overview(json.loads(str(listed)), reference))


def keep_small(folder: Path) -> None:
    """Leave out what `ogan-bench report` makes again and pictures that no text shows."""
    (folder / "report.html").unlink()
    (folder.parent / "index.html").unlink(missing_ok=True)
    texts = [(folder / "report.md").read_text("utf-8"), (ROOT / "README.md").read_text("utf-8")]
    for picture in folder.glob("*/seed-*/*.png"):
        if not any(picture.relative_to(folder).as_posix() in text for text in texts):
            picture.unlink()


def front(folder: Path) -> str:
    """Verdicts and table of a published report."""
    report = (folder / "report.md").read_text(encoding="utf-8")
    verdicts = report.partition("## Verdicts\n")[2].partition("\n![")[0]
    table = report.partition("## Results\n")[2].partition("\nDifferences to")[0]
    return f"{verdicts.strip()}\n\n{table.strip()}\n"


def overview(studies: list[dict[str, str]], reference: Path) -> str:
    """A line for every shipped study: its question, and how many claims had which verdict."""
    lines = ["| study | question | claims |", "|---|---|---|"]
    for study in studies:
        name, verdicts = study["name"], "no published results yet"
        report = reference / name / "report.md"
        if report.exists():
            stated = report.read_text("utf-8").partition("## Verdicts\n")[2].partition("\n## ")[0]
            found = re.findall(r"^- \*\*(\w+)\*\*:", stated, re.MULTILINE)
            counts = [(found.count(word), word) for word in dict.fromkeys(sorted(found)[::-1])]
            text = ", ".join(f"{count} {word}" for count, word in counts)
            verdicts = f"[{text}]({report.relative_to(ROOT).as_posix()})"
        lines.append(f"| [{name}](studies/{name}.yaml) | {study['summary']} | {verdicts} |")
    return "\n".join(lines) + "\n"


def fill(marks: re.Pattern[str], text: str) -> None:
    """Put a text between two marks in the README."""
    readme = ROOT / "README.md"
    filled = marks.sub(
        lambda found: f"{found[1]}{text}{found[2]}", readme.read_text(encoding="utf-8")
    )
    readme.write_text(filled, encoding="utf-8")

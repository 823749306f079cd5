"""Commands as pages show them."""

from __future__ import annotations

import re
import shlex
from typing import Any

import typer

from ogan_bench import cli


def lines(text: str) -> list[str]:
    """The lines of a shell's text, each with those that it goes on in."""
    return re.sub(r"\\\n\s*", "", text).splitlines()


def in_blocks(text: str) -> list[str]:
    """The commands in blocks of a shell's text; the line may begin with another command."""
    own = re.compile(r"(?:.* && |srun )?ogan-bench (.*)|torchrun .* -m ogan_bench (.*)")
    found = map(own.fullmatch, lines(text))
    return [f"ogan-bench {match[1] or match[2]}" for match in found if match]


def in_sentences(page: str) -> list[str]:
    """The commands that stand in backticks."""
    return re.findall(r"`(ogan-bench [^`]*)`", page.replace("\n", " "))


def parse(line: str) -> None:
    """Let the command line parse a command: names, options and choices; nothing is run.

    Raises:
        Exception: Of the parser; it does not take the command.
    """
    line = line.replace("[STUDY]", "STUDY").replace("COMMAND --help", "run STUDY")
    words = shlex.split(line.replace("list WHAT", "list objectives"), comments=True)[1:]
    command: Any = typer.main.get_command(cli.app)
    while len(words) > 1 and hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    if hasattr(command, "commands"):  # the text names a command without its arguments
        assert words[0] in command.commands
    else:
        command.make_context(command.name, words)


NOT_RUN = {
    "run": "it trains",
    "try": "it trains",
    "tune": "it trains",
    "work": "it trains",
    "bench": "it trains",
    "verify": "it takes minutes",
    "archive": "it takes ten seconds; tests/unit/cli/test_archive.py",
    "evaluate": "it takes trained nets",
    "export": "it takes trained nets",
    "watch": "it serves until it is stopped",
    "interrupt": "it takes a run",
}
"""Command to why no test runs it as a page shows it."""

NOT_READ = {
    "s3://": "it takes the network",
    "celeba": "it takes the network",
    "/seed-0": "it takes trained nets",
    "-smoke": "it takes the results of a training",
    "published": "it takes an archive",
    "--try-claims": "it takes ten seconds; tests/unit/cli/test_doctor.py",
}
"""Part of an argument to why no test runs a command with it."""


def why_not_run(line: str) -> str | None:
    """Why no test runs a command; ``None``: one does."""
    typed = words(line)
    found = [NOT_RUN.get(typed[0])]
    found += [why for part, why in NOT_READ.items() if any(part in word for word in typed)]
    return next(filter(None, found), None)


def shape(line: str) -> tuple[str, ...]:
    """What tells commands apart: the command, and its options but those that name a place."""
    typed = words(line)
    path = typed[:2] if typed[0] == "data" else typed[:1]
    options = {word for word in typed if word.startswith("-")} - {"--results", "--out"}
    return (*path, *sorted(options))


def words(line: str) -> list[str]:
    """The words of a command, without its name and without a remark."""
    return shlex.split(line, comments=True)[1:]

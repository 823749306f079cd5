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

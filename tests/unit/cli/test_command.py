"""Rules for the options of all commands."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from ogan_bench.cli import app
from ogan_bench.cli.command import Command


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, done.output
    return done.stderr


def commands() -> dict[str, Any]:
    root: Any = typer.main.get_command(app)
    found = {}
    for name, command in root.commands.items():
        for sub, leaf in getattr(command, "commands", {"": command}).items():
            found[f"{name} {sub}".strip()] = leaf
    return found


def test_every_command_obeys_them() -> None:
    assert len(commands()) > 15
    assert all(isinstance(command, Command) for command in commands().values())


@pytest.mark.parametrize("name", commands())
def test_the_help_of_every_command_ends_with_examples_that_it_takes(name: str) -> None:
    command = commands()[name]
    _, _, block = command.help.partition("\n\n\b\nExample")
    title, *lines = block.splitlines()
    examples = [line.strip() for line in lines if line.startswith("  ogan-bench ")]
    assert title == ("s:" if len(examples) > 1 else ":")
    assert examples
    shown = CliRunner().invoke(app, [*name.split(), "--help"], env={"COLUMNS": "120"}).stdout
    for example in examples:
        assert example in shown
        of_it = shlex.split(example.partition(" > ")[0].removeprefix(f"ogan-bench {name}"))
        values, _, _ = command.make_parser(command.context_class(command)).parse_args(of_it)
        required = [param.name for param in command.params if param.required]
        assert [key for key in required if values.get(key) is None] == []


@pytest.mark.parametrize("group", ["", "data"])
def test_the_help_of_every_group_has_examples_of_its_commands(group: str) -> None:
    shown = CliRunner().invoke(app, [*group.split(), "--help"]).stdout
    examples = re.findall(r"^ (ogan-bench .*?) *$", shown, re.MULTILINE)
    assert examples
    for example in examples:
        words = example.split()
        (name,) = (name for name in commands() if words[1:][: len(name.split())] == name.split())
        assert name.startswith(group)
        command = commands()[name]
        command.make_parser(command.context_class(command)).parse_args(
            words[1 + len(name.split()) :]
        )


@pytest.mark.parametrize(
    ("names", "arguments"),
    [
        ("--results", ("report", "--results", "a", "--results", "b")),
        ("--seeds", ("plan", "mse_vs_pearson", "--seeds", "0", "--seeds=1")),
        ("--measure / --no-measure", ("plan", "mse_vs_pearson", "--measure", "--no-measure")),
        ("--root", ("data", "list", "--root", "a", "--root", "b")),
    ],
)
def test_an_option_that_takes_one_value_is_given_once(
    names: str, arguments: tuple[str, ...]
) -> None:
    """Before, the last one was used and the others were not."""
    assert f"{names} is given 2 times, and takes one value." in refused(*arguments)


def test_an_option_that_takes_a_list_stays_one() -> None:
    twice = ("--set", "training.steps=3", "--set", "training.batch_size=8")
    done = CliRunner().invoke(app, ["plan", "mse_vs_pearson", "--no-measure", *twice])
    assert done.exit_code == 0, done.output
    assert "150 steps" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "mse_vs_pearson", "--no-measure", "--seeds", ""),
        ("plan", "mse_vs_pearson", "--no-measure", "--arms", ""),
        ("plan", "mse_vs_pearson", "--no-measure", "--set", ""),
        ("evaluate", "x", "--groups", ""),
        ("status", "mse_vs_pearson", "--results", ""),
        ("data", "list", "--root", ""),
    ],
)
def test_an_empty_value_is_no_selection(arguments: tuple[str, ...]) -> None:
    """Before, an empty selection selected everything, and an empty path the working folder."""
    assert f"{arguments[-2]} is given an empty value" in refused(*arguments)


@pytest.mark.parametrize(
    "arguments", [(), ("run",), ("describe",), ("report",), ("data",), ("data", "list")]
)
def test_help_shows_no_value_that_a_flag_would_take(arguments: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*arguments, "--help"]).stdout
    assert "Show this message" in shown
    assert "bool" not in shown

"""The page of all commands and options, read from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from ogan_bench import cli
from website.markdown import code, heading, markdown, table


def command_page() -> str:
    """Every command with its arguments and options, as ``--help`` states them."""
    root: Any = typer.main.get_command(cli.app)
    page = heading(1, "All commands and options")
    page += "What `ogan-bench COMMAND --help` says, of every command.\n\n"
    page += markdown(root.epilog) + "\n\n"
    for path, command, context in commands(root, "ogan-bench"):
        page += heading(2, path)
        page += "\n\n".join(markdown(part) for part in command.help.split("\n\n")) + "\n\n"
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        page += f"```sh\n{usage}\n```\n\n"
        for kind, title in (("argument", "argument"), ("option", "option")):
            rows = [
                (code(record[0]), markdown(record[1]))
                for param in command.get_params(context)
                if param.param_type_name == kind and (record := param.get_help_record(context))
            ]
            if rows:
                page += table((title, "meaning"), rows)
    return page


def commands(group: Any, name: str, parent: Any = None) -> Iterator[tuple[str, Any, Any]]:
    """All commands of a group and of its groups: what is typed, the command and its context."""
    context = group.make_context(name.split()[-1], [], parent=parent, resilient_parsing=True)
    for word, command in group.commands.items():
        path = f"{name} {word}"
        if hasattr(command, "commands"):
            yield from commands(command, path, context)
        elif not command.hidden:
            own = command.make_context(word, [], parent=context, resilient_parsing=True)
            yield path, command, own

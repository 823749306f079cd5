"""How every command reads and shows its options: none is given twice, and none is given nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

F = TypeVar("F", bound=Callable[..., Any])


def _flags_take_nothing(params: list[Any]) -> list[Any]:
    """The parameters, of which Typer's help would show flags as options that take a ``<bool>``."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


class Group(TyperGroup):
    """A group whose help shows flags as flags."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _flags_take_nothing(super().get_params(ctx))


class Command(TyperCommand):
    """A command that refuses an option given twice, unless it takes a list, or an empty value."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _flags_take_nothing(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:  # a command that is being completed is not finished
            return super().parse_args(ctx, args)
        # Read twice, because what the parser returns has kept only the last of two values.
        values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        for param, times in Counter(order).items():
            if param.param_type_name != "option" or param.is_eager:
                continue
            names = " / ".join([*param.opts, *param.secondary_opts])
            if times > 1 and not param.multiple:
                ctx.fail(f"{names} is given {times} times, and takes one value.")
            given = values[param.name]
            if any(value == "" for value in (given if param.multiple else [given])):
                ctx.fail(f"{names} is given an empty value; leave it out instead.")
        return super().parse_args(ctx, args)


class Commands(typer.Typer):
    """A group of such commands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(cls=Group, **options)

    def command(self, name: str | None = None, **options: Any) -> Callable[[F], F]:
        options.setdefault("cls", Command)
        return super().command(name, **options)

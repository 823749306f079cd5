"""Parts ask for what they need by the names of their positional parameters.

A loss ``lambda z, code: ...`` of a consistency term gets z and the code; one of ``(x, code_real,
decode)`` gets the real images, their codes and the decoder. So a term says what it depends on,
nothing is computed that no term asks for, and a user's own term can ask for anything that the
shipped ones can.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from torch import Tensor

from ogan_bench.errors import UserError, did_you_mean
from ogan_bench.study import catalogue
from ogan_bench.study.parts import Component, component_of


@cache
def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the positional parameters of a function."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return tuple(parameter.name for parameter in parameters if parameter.kind in kinds)


def check_arguments(function: Callable[..., Any], offered: type, part: str) -> None:
    """Reject a function that asks for something that is not available.

    Args:
        function: Function of a part.
        offered: Class whose attributes are available.
        part: Name of the part.

    Raises:
        UserError: Names the parameter and the closest attribute.
    """
    known = [name for name in dir(offered) if not name.startswith("_")]
    known += [name for name in getattr(offered, "__dataclass_fields__", {}) if name not in known]
    for name in argument_names(function):
        if name not in known:
            raise UserError(
                f"{part}: parameter {name!r}: nothing of that name is handed over."
                f"{did_you_mean(name, sorted(known))}"
            )


def call_with(function: Callable[..., Any], view: object, **parameters: Any) -> Any:
    """Call a function with the attributes of ``view`` that it asks for."""
    return function(*(getattr(view, name) for name in argument_names(function)), **parameters)


Term = Callable[..., Tensor]
"""Maps the attributes it asks for to a loss per sample, ``(n,)``."""


def term(kind: str, part: Component | str, offered: type) -> Term:
    """A penalty with the parameters of the study file.

    Raises:
        UserError: It asks for something that is not available.
    """
    chosen = component_of(kind, part)
    function = catalogue.function(kind, chosen.name)
    check_arguments(function, offered, chosen.name)
    return partial(function, **chosen.parameters())

"""Which types a parameter may have, and what they say in words.

An annotation is evaluated only if it cannot run code.

A plug-in is read before anything of it runs, and a study may be listed, planned or refused without
ever being trained. So its annotations may be built from names, subscripts and constants alone. A
string may stand in ``Literal`` only: elsewhere it would be evaluated as a type.
"""

from __future__ import annotations

import ast
from types import EllipsisType


def unsafe_part(annotation: ast.expr) -> str | None:
    """Source of the first part of an annotation that may not be evaluated; ``None``: there is none.

    Allowed are names, ``X | Y``, ``X[...]`` of a name, constants, and ``Field(...)`` with constant
    keyword arguments.
    """
    match annotation:
        case ast.Name() | ast.Constant(value=None | bool() | int() | float() | EllipsisType()):
            return None
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return unsafe_part(left) or unsafe_part(right)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inside):
            return _first_computed(_elements(inside))
        case ast.Subscript(value=ast.Name(), slice=inside):
            return next(filter(None, map(unsafe_part, _elements(inside))), None)
        case ast.Call(func=ast.Name(id="Field"), args=[], keywords=keywords):
            if any(keyword.arg is None for keyword in keywords):
                return ast.unparse(annotation)
            return _first_computed([keyword.value for keyword in keywords])
    return ast.unparse(annotation)


NAMED = {
    "PositiveInt": "int, above 0",
    "NonNegativeInt": "int, at least 0",
    "PositiveFloat": "float, above 0",
    "NonNegativeFloat": "float, at least 0",
    "Weight": "float, or one of schedules",
    "AdversarialPart": "one of adversarial",
    "ReadoutPart": "one of readouts",
    "ConsistencyPart": "one of consistency",
    "PenaltyPart": "one of penalties",
}
"""Types by name, as a reader of a study file would say what they take."""
BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def in_words(annotation: ast.expr) -> str:
    """What values an annotation allows.

    >>> [in_words(ast.parse(text, mode="eval").body) for text in (
    ...     "Annotated[int, Field(ge=8, le=256)]", "Annotated[float, Field(gt=0, le=1)]",
    ...     "Literal['l1', 'l2']", "bool | None")]
    ['int, 8 to 256', 'float, above 0 and at most 1', 'l1 or l2', 'bool, or none']
    """
    match annotation:
        case ast.Name(id=name):
            return NAMED.get(name, name)
        case ast.Constant(value=None):
            return "none"
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return f"{in_words(left)}, or {in_words(right)}"
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inside):
            *most, last = (ast.literal_eval(choice) for choice in _elements(inside))
            return f"{', '.join(map(str, most))} or {last}" if most else str(last)
        case ast.Subscript(
            value=ast.Name(id="Annotated"),
            slice=ast.Tuple(elts=[of, ast.Call(func=ast.Name(id="Field"), keywords=keywords)]),
        ) if all(keyword.arg in BOUNDS for keyword in keywords):
            return f"{in_words(of)}, {_range({str(k.arg): ast.unparse(k.value) for k in keywords})}"
    return ast.unparse(annotation)


def _range(bounds: dict[str, str]) -> str:
    if bounds.keys() == {"ge", "le"}:
        return f"{bounds['ge']} to {bounds['le']}"
    return " and ".join(f"{BOUNDS[key]} {value}" for key, value in bounds.items())


def _elements(inside: ast.expr) -> list[ast.expr]:
    return inside.elts if isinstance(inside, ast.Tuple) else [inside]


def _first_computed(parts: list[ast.expr]) -> str | None:
    """Source of the first part that is no constant."""
    return next((ast.unparse(part) for part in parts if not _is_constant(part)), None)


def _is_constant(part: ast.expr) -> bool:
    match part:
        case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return True
    return False

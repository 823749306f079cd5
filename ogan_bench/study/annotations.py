"""Which types a parameter may have: an annotation is evaluated only if it cannot run code.

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

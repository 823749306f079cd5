"""Parts read from the syntax tree of a source file, without importing it."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ogan_bench.errors import PluginError
from ogan_bench.study.annotations import in_words, unsafe_part
from ogan_bench.study.plugin_files import Plugin

IMPORT_ROOT = Path(__file__).parent.parent.parent
"""Folder of the package, from which dotted names of modules lead to files."""


@dataclass(frozen=True)
class Parameter:
    """One keyword-only parameter: what a study file may set."""

    name: str
    annotation: str
    default: Any

    @property
    def values(self) -> str:
        """The values that it takes, in words."""
        return in_words(ast.parse(self.annotation, mode="eval").body)

    def record(self) -> dict[str, Any]:
        """Name, type and, if there is one, default."""
        required = self.default is inspect.Parameter.empty
        return {
            "name": self.name,
            "type": self.values,
            **({} if required else {"default": self.default}),
        }


@dataclass(frozen=True)
class Part:
    """One entry of a dict literal."""

    kind: str
    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    plugin: Plugin | None = None

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.doc.partition("\n")[0]


def read_parts(
    path: Path, variable: str, kind: str, plugin: Plugin | None = None
) -> dict[str, Part]:
    """The parts of one kind in one file; a plug-in need not have any.

    Args:
        path: The file.
        variable: Name of the dict literal.
        kind: Kind of the parts.
        plugin: The plug-in, if the file is one.

    Raises:
        PluginError: An entry is not a function, a default is not a literal, or a type could run
            code.
    """
    tree = ast.parse(path.read_bytes())
    literal = dict_literal(tree, variable)
    if literal is None:
        if plugin is None:
            raise LookupError(f"{path}: no dict literal {variable}")
        return {}
    found = {}
    for key, value in zip(literal.keys, literal.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(value, ast.Name)):
            raise PluginError(
                f"{path}:{literal.lineno}: {variable} must map names to functions of this file"
            )
        function = _function(tree, value.id, path)
        found[str(key.value)] = Part(
            kind=kind,
            name=str(key.value),
            doc=ast.get_docstring(function) or "",
            parameters=tuple(_keyword_only(function, path)),
            plugin=plugin,
        )
    return found


def dict_literal(tree: ast.Module, variable: str) -> ast.Dict | None:
    """The dict literal assigned to a variable of a module."""
    for node in tree.body:
        target: ast.expr
        if isinstance(node, ast.AnnAssign):
            target, value = node.target, node.value
        elif isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
        else:
            continue
        if isinstance(target, ast.Name) and target.id == variable and isinstance(value, ast.Dict):
            return value
    return None


def _function(tree: ast.Module, name: str, path: Path) -> ast.FunctionDef:
    """The definition of ``name`` in this module, or in the sibling module it is imported from."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            source = IMPORT_ROOT.joinpath(*str(node.module).split(".")).with_suffix(".py")
            if source.is_file():
                return _function(ast.parse(source.read_bytes()), name, source)
    raise PluginError(f"{path}: no function {name} in this file")


def _keyword_only(function: ast.FunctionDef, path: Path) -> list[Parameter]:
    arguments = function.args
    found = []
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        try:
            value = inspect.Parameter.empty if default is None else ast.literal_eval(default)
        except ValueError:
            raise PluginError(
                f"{path}:{argument.lineno}: the default of {argument.arg!r} must be a literal"
            ) from None
        unsafe = unsafe_part(argument.annotation) if argument.annotation else None
        if unsafe is not None:
            raise PluginError(
                f"{path}:{argument.lineno}: the type of {argument.arg!r} may not contain {unsafe}: "
                "use names, X | Y, X[...], Literal[...] and Field(...) of constants"
            )
        annotation = ast.unparse(argument.annotation) if argument.annotation else "str"
        found.append(Parameter(argument.arg, annotation, value))
    return found

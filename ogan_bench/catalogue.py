"""What a study file may name, read from the source without importing torch.

Every interchangeable part lives in a dict literal (``READOUTS``, ``CONSISTENCY``, ...) whose values
are plain functions. By convention their positional parameters are what the program hands over and
their keyword-only parameters are what a study file may set. Both facts can be read from the syntax
tree, so validating a study, printing its JSON schema or listing the parts costs milliseconds where
importing torch costs seconds.
"""

from __future__ import annotations

import ast
import functools
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

PACKAGE = Path(__file__).parent

KINDS: dict[str, tuple[str, str]] = {
    "datasets": ("data/__init__.py", "DATASETS"),
    "models": ("models/__init__.py", "ARCHITECTURES"),
    "adversarial": ("objectives/adversarial.py", "ADVERSARIAL"),
    "readouts": ("objectives/readouts.py", "READOUTS"),
    "consistency": ("objectives/consistency.py", "CONSISTENCY"),
    "penalties": ("objectives/penalties.py", "PENALTIES"),
    "optimizers": ("training/optimizers.py", "OPTIMIZERS"),
    "updates": ("training/updates.py", "UPDATES"),
}
"""Kind of part -> (source file, name of its dict literal)."""

ANNOTATION_NAMES: dict[str, Any] = {
    "Annotated": Annotated,
    "Literal": Literal,
    **{
        name: getattr(pydantic, name)
        for name in (
            "Field",
            "PositiveInt",
            "PositiveFloat",
            "NonNegativeInt",
            "NonNegativeFloat",
        )
    },
}
"""Names that the annotation of a keyword-only parameter may use."""


@dataclass(frozen=True)
class Parameter:
    """One keyword-only parameter: what a study file may set."""

    name: str
    annotation: str
    default: Any

    def record(self) -> dict[str, Any]:
        """Name, type and, where there is one, default."""
        required = self.default is inspect.Parameter.empty
        return {
            "name": self.name,
            "type": self.annotation,
            **({} if required else {"default": self.default}),
        }


@dataclass(frozen=True)
class Part:
    """One entry of a dict literal."""

    kind: str
    name: str
    doc: str
    parameters: tuple[Parameter, ...]

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.doc.partition("\n")[0]

    def model(self) -> type[pydantic.BaseModel]:
        """A pydantic model ``{name: Literal[...], parameter: type = default, ...}``."""
        fields: dict[str, Any] = {"name": (Literal[self.name], self.name)}
        for parameter in self.parameters:
            annotation = eval(parameter.annotation, dict(ANNOTATION_NAMES))
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[parameter.name] = (annotation, default)
        return pydantic.create_model(
            f"{self.kind}.{self.name}",
            __config__=pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False),
            __doc__=self.summary,
            **fields,
        )


@functools.cache
def parts(kind: str) -> dict[str, Part]:
    """All parts of one kind, in the order of the dict literal.

    Raises:
        KeyError: the kind is unknown.
        LookupError: the dict literal or a function in it cannot be found in the source.
    """
    file, variable = KINDS[kind]
    path = PACKAGE / file
    tree = ast.parse(path.read_text(encoding="utf-8"))
    literal = _dict_literal(tree, variable)
    found = {}
    for key, value in zip(literal.keys, literal.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(value, ast.Name)):
            raise LookupError(f"{path}: {variable} must map string constants to function names")
        function = _function(tree, value.id, path)
        found[str(key.value)] = Part(
            kind=kind,
            name=str(key.value),
            doc=ast.get_docstring(function) or "",
            parameters=tuple(_keyword_only(function)),
        )
    return found


def names(kind: str) -> list[str]:
    """Names of all parts of one kind."""
    return list(parts(kind))


def _dict_literal(tree: ast.Module, variable: str) -> ast.Dict:
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
    raise LookupError(f"no dict literal {variable}")


def _function(tree: ast.Module, name: str, path: Path) -> ast.FunctionDef:
    """The definition of ``name`` in this module, or in the sibling module it is imported from."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            source = PACKAGE.parent.joinpath(*str(node.module).split(".")).with_suffix(".py")
            return _function(ast.parse(source.read_text(encoding="utf-8")), name, source)
    raise LookupError(f"{path}: no function {name}")


def _keyword_only(function: ast.FunctionDef) -> list[Parameter]:
    arguments = function.args
    return [
        Parameter(
            name=argument.arg,
            annotation=ast.unparse(argument.annotation) if argument.annotation else "str",
            default=inspect.Parameter.empty if default is None else ast.literal_eval(default),
        )
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]

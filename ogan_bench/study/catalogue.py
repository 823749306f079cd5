"""The parts that a study file may name, read from the source without importing torch.

Every interchangeable part is an entry of a dict literal (``READOUTS``, ``CONSISTENCY``, ...) whose
values are plain functions. By convention the program passes their positional parameters, and a
study file may set their keyword-only ones. Both can be read from the syntax tree, so validating a
study, printing its JSON schema or listing the parts takes milliseconds, while importing torch takes
seconds.

A user's own parts come from a Python file with the same dict literals: :func:`add_plugin` reads it
in the same way, and only :func:`function` executes it, when a trial needs it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ogan_bench.errors import PluginError

PACKAGE = Path(__file__).parent.parent

KINDS: dict[str, tuple[str, str]] = {
    "datasets": ("data/__init__.py", "DATASETS"),
    "models": ("models/__init__.py", "ARCHITECTURES"),
    "objectives": ("objectives/__init__.py", "OBJECTIVES"),
    "adversarial": ("objectives/parts/adversarial.py", "ADVERSARIAL"),
    "readouts": ("objectives/parts/readouts.py", "READOUTS"),
    "consistency": ("objectives/parts/consistency.py", "CONSISTENCY"),
    "penalties": ("objectives/parts/penalties.py", "PENALTIES"),
    "schedules": ("objectives/parts/schedules.py", "SCHEDULES"),
    "optimizers": ("training/optimizers.py", "OPTIMIZERS"),
    "updates": ("training/updates.py", "UPDATES"),
    "augmentations": ("training/augmentations.py", "AUGMENTATIONS"),
}
"""Kind of part -> (source file, name of its dict literal)."""

METRICS = "METRICS"
"""Name of the dict literal in which a plug-in defines metrics."""

ENTRY_POINTS = "ogan_bench.plugins"
"""Group of entry points whose modules are plug-ins that a study need not name."""


@dataclass(frozen=True)
class Plugin:
    """A user's file of parts.

    Args:
        path: The file.
        sha256: First 16 hexadecimal digits of its SHA-256; part of a trial's identity.
    """

    path: Path
    sha256: str


@dataclass(frozen=True)
class Parameter:
    """One keyword-only parameter: what a study file may set."""

    name: str
    annotation: str
    default: Any

    def record(self) -> dict[str, Any]:
        """Name, type and, if there is one, default."""
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
    plugin: Plugin | None = None

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.doc.partition("\n")[0]


_PLUGINS: dict[Path, Plugin] = {}


@functools.cache
def parts(kind: str) -> dict[str, Part]:
    """All parts of one kind: those of the package, then those of plug-ins.

    Raises:
        KeyError: The kind is unknown.
        PluginError: A plug-in reuses the name of an existing part.
    """
    file, variable = KINDS[kind]
    found = _read(PACKAGE / file, variable, kind)
    for plugin in _PLUGINS.values():
        for name, part in _read(plugin.path, variable, kind, plugin).items():
            if name in found:
                raise PluginError(f"{plugin.path}: {variable}: {name!r} already exists; rename it")
            found[name] = part
    return found


def names(kind: str) -> list[str]:
    """Names of all parts of one kind."""
    return list(parts(kind))


def function(kind: str, name: str) -> Callable[..., Any]:
    """The function of a part; imports its module.

    Raises:
        KeyError: There is no such part.
        PluginError: The plug-in has changed since it was read, or cannot be imported.
    """
    part = parts(kind)[name]
    file, variable = KINDS[kind]
    if part.plugin is not None:
        module = _import(part.plugin)
    else:
        dotted = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        module = importlib.import_module(f"ogan_bench.{dotted}")
    chosen: Callable[..., Any] = getattr(module, variable)[name]
    return chosen


def add_plugin(path: Path) -> Plugin:
    """Register the parts of a user's file; the file is read, not executed.

    Raises:
        PluginError: It cannot be read, defines no parts, or reuses an existing name.
    """
    path = path.resolve()
    try:
        source = path.read_bytes()
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError) as error:
        raise PluginError(f"{path}: cannot be read as a plug-in: {error}") from None
    plugin = Plugin(path, hashlib.sha256(source).hexdigest()[:16])
    if _PLUGINS.get(path) == plugin:
        return plugin
    variables = [variable for _, variable in KINDS.values()] + [METRICS]
    if not any(_dict_literal(tree, variable) for variable in variables):
        raise PluginError(f"{path}: no parts; define at least one of {', '.join(variables)}")
    before = _PLUGINS.get(path)
    _PLUGINS[path] = plugin
    parts.cache_clear()
    try:
        for kind in KINDS:
            parts(kind)
        plugin_metrics()
    except PluginError:
        del _PLUGINS[path]
        if before is not None:
            _PLUGINS[path] = before
        parts.cache_clear()
        raise
    return plugin


def unregister_plugins() -> None:
    """Unregister all plug-ins."""
    _PLUGINS.clear()
    parts.cache_clear()


def installed_plugins() -> list[Path]:
    """Files of the plug-ins that installed packages declare as entry points; none is imported."""
    files = []
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        spec = importlib.util.find_spec(entry.module)
        if spec is None or spec.origin is None:
            raise PluginError(f"entry point {entry.name!r}: no module {entry.module!r}")
        files.append(Path(spec.origin))
    return files


def plugin_metrics() -> dict[str, Part]:
    """Metrics that plug-ins define; their keyword-only parameter ``better`` is the direction."""
    found: dict[str, Part] = {}
    for plugin in _PLUGINS.values():
        for name, part in _read(plugin.path, METRICS, "metrics", plugin).items():
            if name in found:
                raise PluginError(f"{plugin.path}: {METRICS}: {name!r} already exists; rename it")
            if [parameter.name for parameter in part.parameters] != ["better"]:
                raise PluginError(
                    f"{plugin.path}: metric {name!r} needs exactly one keyword-only parameter, "
                    "`better`, with the default 'lower', 'higher' or None"
                )
            found[name] = part
    return found


def plugin_metric(name: str) -> Callable[..., Any]:
    """The function of a plug-in's metric; imports the plug-in."""
    plugin = plugin_metrics()[name].plugin
    assert plugin is not None
    chosen: Callable[..., Any] = getattr(_import(plugin), METRICS)[name]
    return chosen


def _import(plugin: Plugin) -> ModuleType:
    """The plug-in as a module, executed once for each version of its file."""
    name = f"ogan_bench_plugin_{plugin.sha256}"
    if name in sys.modules:
        return sys.modules[name]
    if hashlib.sha256(plugin.path.read_bytes()).hexdigest()[:16] != plugin.sha256:
        raise PluginError(f"{plugin.path}: has changed since the study was read; start again")
    spec = importlib.util.spec_from_file_location(name, plugin.path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise PluginError(
            f"{plugin.path}: cannot be imported: {type(error).__name__}: {error}"
        ) from error
    sys.modules[name] = module
    return module


def _read(path: Path, variable: str, kind: str, plugin: Plugin | None = None) -> dict[str, Part]:
    """The parts of one kind in one file; a plug-in need not have any."""
    tree = ast.parse(path.read_bytes())
    literal = _dict_literal(tree, variable)
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


def _dict_literal(tree: ast.Module, variable: str) -> ast.Dict | None:
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
            source = PACKAGE.parent.joinpath(*str(node.module).split(".")).with_suffix(".py")
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
        annotation = ast.unparse(argument.annotation) if argument.annotation else "str"
        found.append(Parameter(argument.arg, annotation, value))
    return found

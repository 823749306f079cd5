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
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ogan_bench.errors import PluginError
from ogan_bench.study.plugin_files import Plugin, import_plugin
from ogan_bench.study.syntax_tree import Part, dict_literal, read_parts

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

_PLUGINS: dict[Path, Plugin] = {}


@functools.cache
def parts(kind: str) -> dict[str, Part]:
    """All parts of one kind: those of the package, then those of plug-ins.

    Raises:
        KeyError: The kind is unknown.
        PluginError: A plug-in reuses the name of an existing part.
    """
    file, variable = KINDS[kind]
    found = read_parts(PACKAGE / file, variable, kind)
    for plugin in _PLUGINS.values():
        for name, part in read_parts(plugin.path, variable, kind, plugin).items():
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
        module = import_plugin(part.plugin)
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
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():  # a device or a pipe may never end
            raise OSError("not a regular file")
        source = path.read_bytes()
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError) as error:
        raise PluginError(f"{path}: cannot be read as a plug-in: {error}") from None
    plugin = Plugin.of(path, source)
    if _PLUGINS.get(path) == plugin:
        return plugin
    variables = [variable for _, variable in KINDS.values()] + [METRICS]
    if not any(dict_literal(tree, variable) for variable in variables):
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


def plugin_metrics() -> dict[str, Part]:
    """Metrics that plug-ins define; their keyword-only parameter ``better`` is the direction."""
    found: dict[str, Part] = {}
    for plugin in _PLUGINS.values():
        for name, part in read_parts(plugin.path, METRICS, "metrics", plugin).items():
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
    chosen: Callable[..., Any] = getattr(import_plugin(plugin), METRICS)[name]
    return chosen

"""Files of plug-ins: found, identified by their content, and imported when a trial needs them."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import sys
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from ogan_bench.errors import PluginError

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

    @classmethod
    def of(cls, path: Path, content: bytes) -> Plugin:
        """The plug-in in a file with this content."""
        return cls(path, _digest(content))


def installed_plugins() -> list[Path]:
    """Files of the plug-ins that installed packages declare as entry points; none is imported."""
    files = []
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        spec = _spec(entry.module)
        if spec is None or spec.origin is None:
            raise PluginError(f"entry point {entry.name!r}: no module {entry.module!r}")
        files.append(Path(spec.origin))
    return files


def _spec(module: str) -> ModuleSpec | None:
    """Where a module is; unlike ``importlib.util.find_spec`` it imports no package above it."""
    name, *rest = module.split(".")
    spec = importlib.util.find_spec(name)
    for part in rest:
        if spec is None:
            return None
        name = f"{name}.{part}"
        spec = PathFinder.find_spec(name, spec.submodule_search_locations)
    return spec


def import_plugin(plugin: Plugin) -> ModuleType:
    """The plug-in as a module, executed once for each version of its file.

    What runs is compiled from the bytes whose hash was checked: Python's own loader would take a
    compiled file that lies beside it, and that one may be of another version or another author.

    Raises:
        PluginError: The file has changed since it was read, or cannot be imported.
    """
    name = f"ogan_bench_plugin_{plugin.sha256}"
    if name in sys.modules:
        return sys.modules[name]
    content = plugin.path.read_bytes()
    if _digest(content) != plugin.sha256:
        raise PluginError(f"{plugin.path}: has changed since the study was read; start again")
    spec = importlib.util.spec_from_file_location(name, plugin.path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    try:
        exec(compile(content, plugin.path, "exec", dont_inherit=True), vars(module))
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{plugin.path}: cannot be imported: {type(error).__name__}: {error}"
        ) from error
    sys.modules[name] = module
    return module


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]

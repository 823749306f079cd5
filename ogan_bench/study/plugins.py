"""Plug-ins in use: register their parts and metrics, and find those that a trial depends on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ogan_bench.errors import PluginError
from ogan_bench.metrics import add_metric
from ogan_bench.study import catalogue, parts
from ogan_bench.study.plugin_files import installed_plugins
from ogan_bench.study.settings import Settings, rebuild_models


def add_plugins(paths: Sequence[Path]) -> None:
    """Register the parts and metrics of plug-ins, those of installed packages included.

    Raises:
        PluginError: A plug-in cannot be used.
    """
    for path in [*installed_plugins(), *paths]:
        catalogue.add_plugin(path)
    for name, part in catalogue.plugin_metrics().items():
        assert part.plugin is not None
        add_metric(name, part.parameters[0].default, part.summary, part.plugin.path.name)
    if paths or catalogue.plugin_metrics():
        rebuild_models()


def check_unchanged(settings: Settings) -> None:
    """Check that the plug-ins in use are those that the settings were read with.

    A worker reads the files anew for every trial, and one may have been edited meanwhile.

    Raises:
        PluginError: One is not.
    """
    now = plugins_of(settings)
    for name, sha256 in settings.plugins.items():
        if now.get(name, sha256) != sha256:
            raise PluginError(f"{name}: has changed since the study was read; start again")


def plugins_of(settings: Settings) -> dict[str, str]:
    """Names and hashes of the plug-ins that a trial depends on, for its parts or its metrics."""
    used = [component.part.plugin for component in parts.components_in(settings)]
    used += [part.plugin for part in catalogue.plugin_metrics().values()]
    return {plugin.path.name: plugin.sha256 for plugin in used if plugin is not None}

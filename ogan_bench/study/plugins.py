"""Plug-ins in use: what the settings accept because of them, and which of them a trial needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ogan_bench import metrics
from ogan_bench.study import catalogue, parts
from ogan_bench.study.settings import Settings, rebuild_models


def add_plugins(paths: Sequence[Path]) -> None:
    """Make the parts and metrics of plug-ins known; those of installed packages too.

    Raises:
        PluginError: One of them cannot be used.
    """
    for path in [*catalogue.installed_plugins(), *paths]:
        catalogue.add_plugin(path)
    for name, part in catalogue.plugin_metrics().items():
        assert part.plugin is not None
        metrics.add(name, part.parameters[0].default, part.summary, part.plugin.path.name)
    if paths or catalogue.plugin_metrics():
        rebuild_models()


def plugins_of(settings: Settings) -> dict[str, str]:
    """Names and hashes of the plug-ins that a trial depends on: of its parts and of its metrics."""
    used = [component.part.plugin for component in parts.components_in(settings)]
    used += [part.plugin for part in catalogue.plugin_metrics().values()]
    return {plugin.path.name: plugin.sha256 for plugin in used if plugin is not None}

"""Sweeps: series of arms that differ in one numeric setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ogan_bench.analysis.results import StudyResults
from ogan_bench.study.diffs import flatten

FEWEST = 3
"""Minimum number of levels in a series."""


@dataclass(frozen=True)
class Sweep:
    """Arms that differ in exactly one numeric setting.

    Args:
        setting: Its path, without the section.
        name: What distinguishes this series from others along the same setting.
        levels: Levels in increasing order, each with its arm.
    """

    setting: str
    name: str
    levels: tuple[tuple[float, str], ...]


def find_sweeps(results: StudyResults) -> list[Sweep]:
    """All sets of at least :data:`FEWEST` arms that differ in exactly one numeric setting.

    The resolved settings are compared, so a level that is the default counts too.
    """
    arms = {arm: _leaves(settings) for arm, settings in results.record["arms"].items()}
    varied = [key for key in dict.fromkeys(k for leaves in arms.values() for k in leaves)
              if len({leaves.get(key) for leaves in arms.values()}) > 1]  # fmt: skip
    found: list[Sweep] = []
    for key in varied:
        groups: dict[tuple[Any, ...], dict[float, str]] = {}
        for arm, leaves in arms.items():
            level = leaves.get(key)
            if isinstance(level, int | float) and not isinstance(level, bool):
                rest = tuple(leaves.get(other) for other in varied if other != key)
                groups.setdefault(rest, {}).setdefault(float(level), arm)
        groups = {rest: levels for rest, levels in groups.items() if len(levels) >= FEWEST}
        others = [other for other in varied if other != key]
        names = _names(others, list(groups), key)
        found += [
            Sweep(key.partition(".")[2], name, tuple(sorted(levels.items())))
            for name, levels in zip(names, groups.values(), strict=True)
        ]
    return found


def _leaves(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Path to value of every leaf; lists become strings, so that all values can be compared."""
    leaves = flatten(settings)
    return {key: str(value) if isinstance(value, list) else value for key, value in leaves}


def _names(keys: Sequence[str], groups: Sequence[tuple[Any, ...]], setting: str) -> list[str]:
    """What distinguishes the groups: names of parts, and other settings with their values."""
    telling = [i for i in range(len(keys)) if len({group[i] for group in groups}) > 1]
    names = []
    for group in groups:
        parts = []
        for i in telling:
            place = keys[i].rpartition(".")
            if group[i] is not None:
                parts.append(str(group[i]) if place[2] == "name" else f"{place[2]} {group[i]}")
        names.append(", ".join(parts) or setting.partition(".")[2])
    return names

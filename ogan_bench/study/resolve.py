"""From the diffs of a study file to the settings of every arm.

A file defines a ``base`` and ``arms`` as small diffs from it; a scale is a further diff. The title
of an arm is not a setting. Diffs merge key by key, with one exception: a part that changes its
``name`` replaces the old part entirely, because the parameters of one optimiser or loss mean
nothing to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ogan_bench.errors import did_you_mean
from ogan_bench.study.diffs import merge, parse_overrides
from ogan_bench.study.least_dimensions import too_few_dimensions
from ogan_bench.study.plugins import plugins_of
from ogan_bench.study.settings import Settings
from ogan_bench.study.yaml_errors import KeyPath, Places, Tree, validate


def resolve_arms(
    tree: Tree, scale: str | None, places: Places, overrides: Sequence[str]
) -> tuple[dict[str, Settings], list[str]]:
    """Settings of every arm at one scale, and one line for every problem.

    Works on the raw file, so that problems elsewhere do not hide those of the arms.
    """
    base = mapping(tree.get("base"))
    origins: list[KeyPath] = [("base",)]
    diffs: dict[str, list[tuple[KeyPath, Tree]]] = {
        arm: [(("arms", arm), {key: value for key, value in diff.items() if key != "title"})]
        for arm, diff in mappings(tree.get("arms")).items()
    }
    override, problems = parse_overrides(overrides)
    dropped: list[str] = []
    if scale is not None:
        layer = mappings(tree["scales"])[scale]
        base = merge(base, mapping(layer.get("base")))
        origins = [("scales", scale, "base"), *origins]
        changed = {str(arm): diff for arm, diff in mapping(layer.get("arms")).items()}
        for arm, diff in mappings(changed).items():
            place: KeyPath = ("scales", scale, "arms", arm)
            if arm not in diffs:
                problems.append(
                    places.line(place, f"no arm {arm!r}.{did_you_mean(arm, list(diffs))}")
                )
            elif changed[arm] is None:
                dropped.append(arm)
            else:
                diffs[arm].append((place, diff))
        if diffs and len(dropped) == len(diffs):
            problems.append(places.line(("scales", scale, "arms"), "drops every arm; keep one"))
    resolved = {}
    for arm, layers in diffs.items():
        merged = base
        for _, diff in layers:
            merged = merge(merged, diff)
        lookup = [place for place, _ in reversed(layers)] + origins
        settings, new = validate(Settings, merge(merged, override), places, lookup, override)
        problems += new
        if settings is not None and (problem := too_few_dimensions(settings)) is not None:
            problems.append(places.line(("model", "z_dim"), problem, lookup))
            continue
        if settings is not None and arm not in dropped:
            resolved[arm] = settings.model_copy(update={"plugins": plugins_of(settings)})
    return resolved, problems


def mapping(value: Any) -> Tree:
    """The value, or an empty mapping in place of anything else."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> dict[str, Tree]:
    """The entries of a mapping whose values are mappings or null."""
    return {
        str(key): mapping(entry)
        for key, entry in mapping(value).items()
        if entry is None or isinstance(entry, dict)
    }

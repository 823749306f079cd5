"""Diffs of settings: merged, compared, and parsed from the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml.error import YAMLError

from ogan_bench.study.parts import IMPLIED_OBJECTIVE
from ogan_bench.study.yaml_errors import Tree, plain
from ogan_bench.study.yaml_text import parse_yaml


def merge(base: Mapping[str, Any], diff: Mapping[str, Any]) -> Tree:
    """``base`` updated by ``diff`` key by key; a part with a new name replaces the old one."""
    merged = dict(base)
    for key, value in diff.items():
        old = merged.get(key)
        if isinstance(value, Mapping) and isinstance(old, str):
            old = {"name": old}
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            renamed = "name" in value and value["name"] != old.get("name", IMPLIED_OBJECTIVE)
            merged[key] = dict(value) if renamed else merge(old, value)
        else:
            merged[key] = value
    return merged


def differences(before: Any, now: Any, key: str = "") -> list[tuple[str, Any, Any]]:
    """Key path, old and new value of every leaf that differs; ``None`` for a missing value."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return [
            difference
            for name in dict.fromkeys([*before, *now])
            for difference in differences(
                before.get(name), now.get(name), f"{key}.{name}" if key else str(name)
            )
        ]
    return [] if before == now else [(key, before, now)]


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Key path and value of every leaf.

    >>> dict(flatten({"training": {"steps": 500}, "seed": 0}))
    {'training.steps': 500, 'seed': 0}
    """
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def parse_overrides(overrides: Sequence[str]) -> tuple[Tree, list[str]]:
    """The tree of ``key.path=value`` texts, and one line for every problem."""
    tree: Tree = {}
    problems = []
    for text in overrides:
        key, sign, value = text.partition("=")
        keys = key.strip().split(".")
        if not sign or not all(keys):
            problems.append(f"--set {text}: write key.path=value, for example training.steps=500")
            continue
        try:
            leaf = plain(parse_yaml(value))
        except YAMLError:
            leaf = value
        for name in reversed(keys):
            leaf = {name: leaf}
        tree = merge(tree, leaf)
    return tree, problems

"""Defaults that have changed since the first results were published.

A trial's identity covers what differs from the *first* default of every setting, and a stored
configuration without a key means that first default. So stored trials keep their identity and their
meaning when a default changes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ogan_bench.study.yaml_errors import Tree


@dataclass(frozen=True)
class FirstDefault:
    """The first default of a setting whose default is another one now.

    Args:
        section: Key of the settings; those of a nested part are joined by dots.
        key: Key in that section.
        value: The first default.
        part: Name of the part that the section holds, if only that one has the key.
        needs: Key in that section without which the setting means nothing, if there is one; it is
            then no part of a trial's identity.
    """

    section: str
    key: str
    value: Any
    part: str | None = None
    needs: str | None = None

    def matters(self, section: Tree) -> bool:
        """Whether the setting means anything beside the others of its section."""
        return self.needs is None or bool(section.get(self.needs))


AS_THEY_WERE = {
    "crop": "none",
    "alpha": "drop",
    "orientation": "ignore",
    "profile": "ignore",
    "depth": "reduce",
    "small": "enlarge",
    "duplicates": "keep",
}
"""What was done with the user's own images, without a word, before there was a choice."""

FIRST_DEFAULTS = (
    FirstDefault("evaluation", "samples", 2000),
    FirstDefault("evaluation", "encoder_statistics", "mixed"),
    FirstDefault("evaluation", "generator_statistics", "running"),
    FirstDefault("data", "split", "every_fifth", part="digits"),
    FirstDefault("data", "split", "every_fifth", part="stacked_digits"),
    *(
        FirstDefault("data", key, value, part)
        for part in ("image_folder", "parquet")
        for key, value in AS_THEY_WERE.items()
    ),
    FirstDefault("data", "train", ".", "image_folder"),  # no subfolder was a split
    FirstDefault("objective.consistency", "scaled", False, "contrastive"),
    FirstDefault("objective.readout", "projected", "all", "dim"),
    FirstDefault("training", "ema_debias", False, needs="ema"),
    FirstDefault("model", "spectral_heads", False, part="dcgan", needs="spectral_norm"),
    FirstDefault("model", "spectral_heads", False, part="resnet"),
)

OF_HYPOTHESES: Tree = {"part_of": "", "sides": 1, "margin_reason": "", "where_works": []}
"""Key of a hypothesis to its first default; keys that came later default to what held before."""


def without_first_defaults(identity: Tree, settings: Tree) -> Tree:
    """What differs from the first defaults, given what differs from the present ones.

    Args:
        identity: What differs from the present defaults.
        settings: All settings.
    """
    changed = copy.deepcopy(identity)
    for first, section in _sections(settings):
        if section[first.key] != first.value and first.matters(section):
            differing = changed
            for name in first.section.split("."):
                differing = differing.setdefault(name, {})
            differing[first.key] = section[first.key]
        elif (stated := _section(changed, first.section)) is not None:
            stated.pop(first.key, None)
    return {name: section for name, section in changed.items() if section != {}}


def with_first_defaults(config: Tree) -> Tree:
    """A stored configuration with the first default of every key that it does not have."""
    complete = copy.deepcopy(config)
    for first, section in _sections(complete):
        if first.matters(section):
            section.setdefault(first.key, first.value)
    return complete


def hypothesis_with_first_defaults(hypothesis: Tree) -> Tree:
    """A stored hypothesis with the first default of every key that it does not have.

    For comparing two of them: the keys are added whatever the test, to both sides alike.
    """
    return {**hypothesis, **OF_HYPOTHESES, **hypothesis}


def _sections(settings: Tree) -> Iterator[tuple[FirstDefault, Tree]]:
    """The sections that have a setting whose default has changed."""
    for first in FIRST_DEFAULTS:
        section = _section(settings, first.section)
        if section is not None and first.part in (None, section.get("name")):
            yield first, section


def _section(settings: Tree, path: str) -> Tree | None:
    """The section at a dotted path, if there is one."""
    section: Any = settings
    for name in path.split("."):
        section = section.get(name) if isinstance(section, dict) else None
    return section if isinstance(section, dict) else None

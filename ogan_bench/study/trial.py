"""One arm with one training seed, and its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ogan_bench.study.plugins import add_plugins
from ogan_bench.study.settings import Settings, StudySettings
from ogan_bench.study.yaml_errors import Tree


@dataclass(frozen=True)
class Trial:
    """One arm with one training seed.

    Args:
        study: Name of the study's folder.
        arm: Name of the arm.
        seed: Training seed.
        settings: All of the arm's settings.
        plugins: Files of the plug-ins that it needs.
        file_folder: Folder of the study file; no part of the identity.
    """

    study: str
    arm: str
    seed: int
    settings: Settings
    plugins: tuple[Path, ...] = ()
    file_folder: Path | None = None

    @property
    def id(self) -> str:
        """``study/arm/seed-0``, also the path of its folder."""
        return f"{self.study}/{self.arm}/seed-{self.seed}"

    @property
    def config(self) -> Tree:
        """Everything that defines the trial, as plain data."""
        return {**self.settings.model_dump(mode="json"), "seed": self.seed}

    @property
    def config_hash(self) -> str:
        """Identity of the trial: a hash of what differs from the defaults."""
        return config_hash({**_identity(_ByReference(self.settings)), "seed": self.seed})

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as plain data, so that plug-ins are registered before their parts are used."""
        settings = self.settings.model_dump()
        return _restore, (
            *(self.study, self.arm, self.seed, settings, self.plugins, self.file_folder),
        )


class _ByReference:
    """Settings as the key of a cache: trials of one arm share theirs, which never change.

    Comparing two of them would take longer than what is cached.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __hash__(self) -> int:
        return id(self.settings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByReference) and other.settings is self.settings


@lru_cache(maxsize=1024)
def _identity(of: _ByReference) -> Tree:
    """What identifies an arm."""
    return of.settings.identity()


def _restore(
    study: str,
    arm: str,
    seed: int,
    settings: Tree,
    plugins: tuple[Path, ...],
    file_folder: Path | None,
) -> Trial:
    add_plugins(plugins)
    return Trial(study, arm, seed, Settings.model_validate(settings), plugins, file_folder)


def config_hash(config: Tree) -> str:
    """SHA-256 of the canonical JSON of a trial's configuration, 16 hexadecimal digits."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def trials(
    study: StudySettings, arms: Sequence[str] | None = None, seeds: Sequence[int] | None = None
) -> list[Trial]:
    """Trials of a study, seed by seed, so that an interrupted run has complete comparisons.

    Args:
        study: The study.
        arms: Only these arms.
        seeds: These seeds instead of the study's.
    """
    return [
        Trial(study.folder, arm, seed, settings, tuple(study.plugins), study.file_folder)
        for seed in (study.seeds if seeds is None else seeds)
        for arm, settings in study.arms.items()
        if arms is None or arm in arms
    ]

"""Shape of a study file before its diffs are merged, as pydantic models."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from pydantic import ConfigDict, Field, field_validator

from ogan_bench.study.base_model import NAME, Model, Seed
from ogan_bench.study.settings import Statement
from ogan_bench.study.yaml_errors import Tree


class Scale(Model):
    """A named scale of the study: a diff of ``base``, ``arms``, ``seeds`` and ``metrics``."""

    base: Tree = Field(default_factory=dict)
    arms: dict[str, Tree | None] = Field(
        default={},
        description="Diffs of arms at this scale; null drops the arm and the hypotheses that "
        "name it.",
    )
    seeds: list[Seed] | None = Field(default=None, min_length=1)
    metrics: dict[str, str | None] = Field(
        default={},
        description="Replacements of metrics at this scale, in the table and the hypotheses; "
        "null drops the metric and its hypotheses.",
    )


class Arm(Model):
    """An arm: its title, and beside it a diff of ``base``."""

    model_config = ConfigDict(extra="allow")
    title: str | None = Field(
        default=None,
        min_length=1,
        description="Name of the arm in figures, tables and reports; by default its id.",
    )


BESIDE_STUDIES = ("classifiers", "mirrors", "slurm")
"""Folders of a results folder that are no studies."""

BESIDE_ARMS = ("figures",)
"""Folders of a study that are no arms."""


class StudyFile(Statement):
    """Shape of a study file before its diffs are merged."""

    plugins: list[str] = Field(
        default=[], description="Python files with your own parts, relative to the study file."
    )
    base: Tree
    arms: dict[Annotated[str, Field(pattern=NAME)], Arm | None] = Field(min_length=1)
    scales: dict[Annotated[str, Field(pattern=NAME)], Scale] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _free_name(cls, value: str) -> str:
        if value in BESIDE_STUDIES:
            raise ValueError(f"the results have a folder {value!r} that is no study; rename it")
        return value

    @field_validator("arms")
    @classmethod
    def _distinct_titles(cls, value: dict[str, Arm | None]) -> dict[str, Arm | None]:
        for name in value:
            if name in BESIDE_ARMS:
                raise ValueError(f"a study has a folder {name!r} that is no arm; rename it")
        shown = Counter((arm and arm.title) or name for name, arm in value.items())
        for title, count in shown.items():
            if count > 1:
                raise ValueError(f"two arms are called {title!r}")
        return value

    @property
    def arm_titles(self) -> dict[str, str]:
        """Titles of the arms that have one."""
        return {name: arm.title for name, arm in self.arms.items() if arm and arm.title}

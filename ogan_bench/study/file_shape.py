"""Shape of a study file before its diffs are merged, as pydantic models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, NonNegativeInt

from ogan_bench.study.base_model import NAME, Model
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
    seeds: list[NonNegativeInt] | None = Field(default=None, min_length=1)
    metrics: dict[str, str | None] = Field(
        default={},
        description="Replacements of metrics at this scale, in the table and the hypotheses; "
        "null drops the metric and its hypotheses.",
    )


class StudyFile(Statement):
    """Shape of a study file before its diffs are merged."""

    plugins: list[str] = Field(
        default=[], description="Python files with your own parts, relative to the study file."
    )
    base: Tree
    arms: dict[Annotated[str, Field(pattern=NAME)], Tree | None] = Field(min_length=1)
    scales: dict[Annotated[str, Field(pattern=NAME)], Scale] = Field(default_factory=dict)

"""How arms of a study are tuned before its verdicts, as pydantic models.

Arms that are compared at their best are tuned alike: the same candidates, on the same seeds, by the
same rule. The chosen values stand in the study file like all other settings; this section says
where they come from.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from ogan_bench.metrics import METRICS
from ogan_bench.study.base_model import KnownMetric, Model, Seed


class Search(Model):
    """One search: the same candidates for each of its arms."""

    arms: list[str] = Field(min_length=1, description="Arms that are tuned, each by itself.")
    candidates: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(
        min_length=1,
        description="Key path of a setting -> its values; all combinations are tried.",
    )
    metric: KnownMetric = Field(description="What decides, by its mean over the seeds.")
    target: float | None = Field(
        default=None,
        description="The candidate whose mean is nearest to this is chosen; null: the best.",
    )

    @model_validator(mode="after")
    def _decides(self) -> Search:
        if self.target is None and METRICS[self.metric].better is None:
            raise ValueError(f"metric {self.metric!r} has no direction: give a target")
        return self


class Tuning(Model):
    """The tuning of a study: searches on seeds that no verdict uses."""

    seeds: list[Seed] = Field(min_length=1, description="Training seeds of every candidate.")
    searches: list[Search] = Field(min_length=1)

    @field_validator("searches")
    @classmethod
    def _each_arm_once(cls, value: list[Search]) -> list[Search]:
        arms = [arm for search in value for arm in search.arms]
        for arm in arms:
            if arms.count(arm) > 1:
                raise ValueError(f"arm {arm!r} is tuned twice")
        return value

"""Hypotheses of a study, as pydantic models: one for each kind of test."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ogan_bench.study.base_model import NAME, KnownMetric, Model, TestedMetric

Place = tuple[str | int, ...]
"""Path to a value within a hypothesis: keys and indices."""

Failure = Literal["diverged", "collapsed", "saturated"]
"""Outcomes of a training that failed."""


class Margin(Model):
    """A margin in the metric's unit or as a share of the control's mean."""

    value: float = Field(gt=0)
    relative: bool = False

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if isinstance(value, str) and value.strip().endswith("%"):
            number = value.strip().removesuffix("%")
            try:
                return {"value": float(number) / 100, "relative": True}
            except ValueError:
                return {"value": number, "relative": True}
        if isinstance(value, int | float | str):
            return {"value": value}
        return value

    def __str__(self) -> str:
        return f"{self.value:.4g}" if not self.relative else f"{100 * self.value:.4g} %"


class HypothesisBase(Model):
    """What every hypothesis has: a name, and the claim in words."""

    id: str = Field(pattern=NAME)
    claim: str = Field(description="The claim in words.")
    part_of: str = Field(
        default="",
        description="The wider claim that this hypothesis tests in one setting; the same text "
        "wherever it is tested.",
    )


class _Contrast(HypothesisBase):
    """What claims about several arms have in common."""

    where_works: list[str] = Field(
        default=[],
        description="Arms whose training has to work for the claim to say anything: where more "
        "than half of the trials of one fail or collapse, the decision is uninformative.",
    )

    @property
    def conditions(self) -> list[tuple[Place, str]]:
        """The arms that have to work, with their places in the file."""
        return [(("where_works", index), arm) for index, arm in enumerate(self.where_works)]


_SIDES = (
    "2: alpha is the level of a two-sided test, which is read in the direction of the "
    "claim; 1: alpha is the level of each direction, so a two-sided level of 2 alpha."
)


class Comparison(_Contrast):
    """One arm against another; the metric's direction defines what is better.

    ``superiority``: the arm is better than the control, by the margin if there is one.
    ``non_inferiority``: the arm is not worse than the control by the margin or more.
    ``equivalence``: the two differ by less than the margin in both directions.
    """

    test: Literal["superiority", "non_inferiority", "equivalence"]
    metric: TestedMetric
    arm: str
    control: str
    margin: Margin | None = Field(
        default=None, description="A number in the metric's unit, or a share such as 10%."
    )
    margin_reason: str = Field(
        default="", description="Why a difference of the size of the margin matters, or does not."
    )
    sides: Literal[1, 2] = Field(default=2, description=_SIDES)

    @model_validator(mode="before")
    @classmethod
    def _sides_of_test(cls, value: Any) -> Any:
        """Non-inferiority has one side; equivalence has two that are tested one by one."""
        if isinstance(value, dict) and "sides" not in value and value.get("test") != "superiority":
            return {**value, "sides": 1}
        return value

    @model_validator(mode="after")
    def _fits_test(self) -> Comparison:
        if self.test != "superiority" and self.margin is None:
            raise ValueError(f"test {self.test!r} needs a margin")
        if self.test != "superiority" and self.sides == 2:
            raise ValueError(f"test {self.test!r} has fixed sides; leave out 'sides'")
        if self.margin is None and self.margin_reason:
            raise ValueError("a reason without a margin: leave out 'margin_reason', or state both")
        if self.arm == self.control:
            raise ValueError("an arm cannot be its own control")
        return self

    @property
    def tested_arms(self) -> list[str]:
        """The arms whose values are tested."""
        return [self.arm, self.control]

    @property
    def named_arms(self) -> list[tuple[Place, str]]:
        """Every arm that the hypothesis names, with its place in the file."""
        return [(("arm",), self.arm), (("control",), self.control), *self.conditions]


class Trend(_Contrast):
    """The order of several arms.

    ``trend``: each arm is better than the one before it. ``association``: the ranks of the arms
    within a seed go with the order; a few arms that are better than all others suffice for that.
    """

    test: Literal["trend", "association"]
    metric: TestedMetric
    arms: list[str] = Field(
        min_length=3, description="In the order in which the metric is claimed to improve."
    )
    sides: Literal[1, 2] = Field(default=2, description=_SIDES)

    @field_validator("arms")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("an arm is listed twice")
        return value

    @property
    def tested_arms(self) -> list[str]:
        """The arms whose values are tested."""
        return self.arms

    @property
    def named_arms(self) -> list[tuple[Place, str]]:
        """Every arm that the hypothesis names, with its place in the file."""
        return [*((("arms", index), arm) for index, arm in enumerate(self.arms)), *self.conditions]


class _InRange(HypothesisBase):
    """A claim about one arm: that a quantity lies in a range."""

    arm: str
    range: list[float | None] = Field(
        min_length=2, max_length=2, description="Lowest and highest value; null: no bound."
    )

    @field_validator("range")
    @classmethod
    def _ordered(cls, value: list[float | None]) -> list[float | None]:
        low, high = value
        if low is None and high is None:
            raise ValueError("a range needs a bound on at least one side")
        if low is not None and high is not None and low >= high:
            raise ValueError("the lower bound of a range must be below the upper one")
        return value

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound, infinite if there is none."""
        low, high = self.range
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def tested_arms(self) -> list[str]:
        """The arm whose values are tested."""
        return [self.arm]

    @property
    def named_arms(self) -> list[tuple[Place, str]]:
        """Every arm that the hypothesis names, with its place in the file."""
        return [(("arm",), self.arm)]


class MeanInRange(_InRange):
    """The population mean of a metric over training seeds lies in a stated range."""

    test: Literal["interval"]
    metric: KnownMetric


class FailureRate(_InRange):
    """The probability that a trial of the arm fails lies in a stated range."""

    test: Literal["failure_rate"]
    outcomes: list[Failure] = Field(
        default=["diverged", "collapsed", "saturated"],
        min_length=1,
        description="What counts as a failure.",
    )

    @field_validator("range")
    @classmethod
    def _of_probabilities(cls, value: list[float | None]) -> list[float | None]:
        if not all(0 <= end <= 1 for end in value if end is not None):
            raise ValueError("a rate must be between 0 and 1")
        return value

    @property
    def metric(self) -> None:
        """None: the claim is about outcomes."""
        return


Hypothesis = Annotated[Comparison | Trend | MeanInRange | FailureRate, Field(discriminator="test")]
"""One claim that data can support or refute."""

TESTS: dict[str, type[HypothesisBase]] = {
    "superiority": Comparison,
    "non_inferiority": Comparison,
    "equivalence": Comparison,
    "trend": Trend,
    "association": Trend,
    "interval": MeanInRange,
    "failure_rate": FailureRate,
}
"""Name of a test in a study file -> the model of its hypotheses."""

"""The weight of a term during training."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic import Field, NonNegativeFloat

from ogan_bench.objectives.base import Schedule
from ogan_bench.study import catalogue
from ogan_bench.study.parts import Component, Weight, component_of


def constant(progress: float, *, weight: NonNegativeFloat) -> float:
    """The same weight at every step; a bare number in a study file."""
    return weight


def warm_up(
    progress: float,
    *,
    weight: NonNegativeFloat,
    until: Annotated[float, Field(gt=0, le=1)] = 0.5,
) -> float:
    """Linear from 0 to the weight, which is reached after the share ``until`` of the training.

    A reader of the article asks whether λ should be annealed from 0; its author considers it
    needless.

    References:
        J. Su, O-GAN, 2019, https://kexue.fm/archives/6409 (comments)
    """
    return weight * min(1.0, progress / until)


def off_at_end(
    progress: float,
    *,
    weight: NonNegativeFloat,
    after: Annotated[float, Field(ge=0, lt=1)] = 0.75,
) -> float:
    """The weight for the share ``after`` of the training, then 0."""
    return weight if progress < after else 0.0


SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": constant,
    "warm_up": warm_up,
    "off_at_end": off_at_end,
}


def schedule(weight: Weight) -> Schedule:
    """The schedule that a study file describes."""
    chosen = weight if isinstance(weight, Component) else component_of("schedules", weight)
    return partial(catalogue.function("schedules", chosen.name), **chosen.parameters())

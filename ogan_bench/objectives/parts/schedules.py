"""Weights and factors: functions of the training's progress, or of the gradients of a step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat
from torch import Tensor

from ogan_bench.errors import UserError
from ogan_bench.objectives.forward_pass import Schedule
from ogan_bench.objectives.parts.call_by_name import argument_names
from ogan_bench.objectives.parts.gradient_norms import GradientNorms
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
    """The weight for the share ``after`` of the training, then 0.

    Our own: whether the term is needed to the end.
    """
    return weight if progress < after else 0.0


def cosine(
    progress: float,
    *,
    start: NonNegativeFloat = 1.0,
    end: NonNegativeFloat = 0.0,
    until: Annotated[float, Field(gt=0, le=1)] = 1.0,
) -> float:
    """Half a cosine from start to end, which is reached after the share ``until`` of the training.

    end + (start - end)·(1 + cos πt) / 2 at t = min(1, progress / until). R3GAN's learning rates and
    penalty weights fall like this.

    References:
        N. Huang et al., The GAN is dead; long live the GAN! A Modern GAN Baseline, 2025,
        https://arxiv.org/abs/2501.05441
    """
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, progress / until))) / 2


def gradient_share(
    gradients: GradientNorms,
    *,
    share: NonNegativeFloat = 1.0,
    at: Literal["output", "images"] = "images",
) -> Tensor:
    """The weight at which the term pulls with a stated share of the adversarial gradient.

    w = share · ‖∇ adversarial‖ / ‖∇ c‖, anew in every step and without a gradient of its own, with
    norms over the whole batch. So terms of unlike scale are compared at equal strength. Where c has
    no gradient, w·c has none either. Only the composed objective can measure it.

    Args:
        gradients: Of both terms in this step.
        share: Of the adversarial gradient; 1: both terms pull equally.
        at: Where: at E(G(z)), with E's adversarial term, or at G(z), with G's.

    References:
        P. Esser, R. Rombach and B. Ommer, Taming Transformers for High-Resolution Image Synthesis,
        2020, https://arxiv.org/abs/2012.09841 (the quotient of two gradients, there with respect
        to a decoder's last layer)
    """
    adversarial, consistency = gradients.at_output if at == "output" else gradients.at_images
    return share * adversarial / consistency.clamp_min(TINY)


TINY = 1e-30
"""Keeps a quotient by zero finite."""

SCHEDULES: dict[str, Callable[..., float | Tensor]] = {
    "constant": constant,
    "warm_up": warm_up,
    "off_at_end": off_at_end,
    "cosine": cosine,
    "gradient_share": gradient_share,
}


@dataclass(frozen=True)
class MeasuredWeight:
    """A weight that depends on the gradients of the step.

    Args:
        rule: Maps them to the weight, a tensor without dimensions.
    """

    rule: Callable[[GradientNorms], Tensor]


def weight_rule(weight: Weight) -> Schedule | MeasuredWeight:
    """The weight that a study file describes, for a term whose gradients can be measured."""
    chosen = weight if isinstance(weight, Component) else component_of("schedules", weight)
    function = catalogue.function("schedules", chosen.name)
    bound = partial(function, **chosen.parameters())
    return MeasuredWeight(bound) if "gradients" in argument_names(function) else bound


def schedule(weight: Weight) -> Schedule:
    """The weight that a study file describes, for a term whose gradients are not measured.

    Raises:
        UserError: It asks for them.
    """
    rule = weight_rule(weight)
    if isinstance(rule, MeasuredWeight):
        name = component_of("schedules", weight).name
        raise UserError(
            f"schedule {name!r} follows gradients, which only the consistency_weight of the "
            "objective composed can do: give a number"
        )
    return rule

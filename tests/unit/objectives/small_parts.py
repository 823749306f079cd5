"""Numbers, readouts and objectives that parts are tried with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ogan_bench.data.base import ImageShape
from ogan_bench.models.base import Architecture
from ogan_bench.models.dcgan import dcgan
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.composed import composed
from ogan_bench.objectives.parts.call_by_name import call_with
from ogan_bench.objectives.parts.readouts import Output, Readout
from ogan_bench.seeding import generator
from ogan_bench.study.parts import build, component_of

N, D = 6, 7
CLOSE: dict[str, Any] = {"rtol": 1e-9, "atol": 1e-12}


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Standard normal numbers in float64."""
    return torch.randn(shape, dtype=torch.float64, generator=generator(seed, "test"))


def slope_at(loss: Callable[[Tensor], Tensor], point: Tensor) -> Tensor:
    """Gradient of the sum of a loss."""
    point = point.detach().requires_grad_()
    (slope,) = torch.autograd.grad(loss(point).sum(), point)
    return slope


# Readouts


def readout(name: str, **parameters: int) -> Readout:
    made: Readout = build("readouts", component_of("readouts", {"name": name, **parameters}))
    return made


def score_of(chosen: Readout, code: Tensor, head: nn.Module | None = None) -> Tensor:
    """Scores of codes beside given spare outputs, features and classes."""
    labels = torch.arange(N) % 3
    output = Output(code, draw(N, 2, seed=8), draw(N, 5, seed=9), labels, head)
    scores: Tensor = call_with(chosen.score, output)
    return scores


def architecture(classes: int = 3, z_dim: int = D) -> Architecture:
    return dcgan(ImageShape(1, 16, 16), classes, z_dim=z_dim, width=2)


def objective(**parts: Any) -> Objective:
    chosen: dict[str, Any] = {
        "adversarial": "linear",
        "readout": "avg",
        "consistency": "pearson",
        "penalty": "none",
    }
    return composed(**{**chosen, **parts})

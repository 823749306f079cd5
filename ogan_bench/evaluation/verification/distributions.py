"""Synthetic distributions, and changes to them, from which the experiments are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor
from torch.nn.functional import normalize

Draw = Callable[[Generator, int], Tensor]
"""Draws n points, shape ``(n, k)``."""


def normal(k: int, mean: float = 0.0, std: float = 1.0) -> Draw:
    """Independent Gaussian coordinates."""
    return lambda g, n: mean + std * torch.randn(n, k, generator=g)


def modes(k: int, weights: Sequence[float], std: float = 1.0, apart: float = 10.0) -> Draw:
    """A mixture of Gaussians along the first axis, with the given weights."""

    def draw(g: Generator, n: int) -> Tensor:
        which = torch.multinomial(
            torch.tensor(weights, dtype=torch.float64), n, replacement=True, generator=g
        )
        points = std * torch.randn(n, k, generator=g)
        points[:, 0] += apart * which
        return points

    return draw


def cube(k: int, side: float) -> Draw:
    """Uniform in a cube about the origin."""
    return lambda g, n: side * (torch.rand(n, k, generator=g) - 0.5)


def sphere(k: int, *, filled: bool) -> Draw:
    """Uniform on the unit sphere, or in the ball."""

    def draw(g: Generator, n: int) -> Tensor:
        points = normalize(torch.randn(n, k, generator=g))
        return points * torch.rand(n, 1, generator=g) ** (1 / k) if filled else points

    return draw


def torus(radius: float, tube: float) -> Draw:
    """In the tube around a circle of three dimensions, evenly along it and in its cross-section."""

    def draw(g: Generator, n: int) -> Tensor:
        across = tube * sphere(2, filled=True)(g, n)
        angle = 2 * math.pi * torch.rand(n, generator=g)
        out = radius + across[:, 0]
        return torch.stack([out * angle.cos(), out * angle.sin(), across[:, 1]], dim=1)

    return draw


def stretched(draw: Draw, *factors: float) -> Draw:
    """The first coordinates are multiplied by these factors."""

    def points(g: Generator, n: int) -> Tensor:
        found = draw(g, n)
        found[:, : len(factors)] *= torch.tensor(factors)
        return found

    return points


def moved(draw: Draw, by: float) -> Draw:
    """The first coordinate is shifted."""

    def points(g: Generator, n: int) -> Tensor:
        found = draw(g, n)
        found[:, 0] += by
        return found

    return points


def pareto(k: int, power: float) -> Draw:
    """Independent coordinates with P(X > x) = x^-power, x ≥ 1."""
    return lambda g, n: torch.rand(n, k, generator=g).clamp_min(1e-12) ** (-1 / power)


def contaminated(clean: Draw, outliers: Draw, share: float) -> Draw:
    """A share of the points, rounded up, comes from elsewhere."""

    def draw(g: Generator, n: int) -> Tensor:
        few = max(1, round(share * n))
        return torch.cat([clean(g, n - few), outliers(g, few)])

    return draw


def repeated(draw: Draw, times: int) -> Draw:
    """Every point occurs several times."""

    def points(g: Generator, n: int) -> Tensor:
        return draw(g, -(-n // times)).repeat(times, 1)[:n]

    return points


def rounded(draw: Draw, step: float) -> Draw:
    """Coordinates are multiples of a step."""
    return lambda g, n: (draw(g, n) / step).round() * step


def same_moments(k: int, apart: float) -> Draw:
    """A Gaussian with the mean and covariance of two equal modes at 0 and ``apart``."""

    def draw(g: Generator, n: int) -> Tensor:
        points = torch.randn(n, k, generator=g)
        points[:, 0] = apart / 2 + points[:, 0] * (1 + apart**2 / 4) ** 0.5
        return points

    return draw

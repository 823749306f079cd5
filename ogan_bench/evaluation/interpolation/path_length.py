"""Paths between codes, and their lengths in pixel space and in a feature space."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.standard_error import ErrorOfMean, Estimate, of_mean, ratio_of_means
from ogan_bench.features.extractor import Extractor

Curve = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Maps two endpoints ``(n, d)`` and positions s in [0, 1], ``(n, 1)``, to codes ``(n, d)``."""

PARALLEL = 1e-6
"""Sine of the angle below which no arc between two endpoints is defined."""


def linear(start: Tensor, end: Tensor, s: Tensor) -> Tensor:
    """(1 - s) a + s b; between two points on a sphere it runs through the interior."""
    return (1 - s) * start + s * end


def spherical(start: Tensor, end: Tensor, s: Tensor) -> Tensor:
    """(sin((1 - s) ω) a + sin(s ω) b) / sin ω with the angle ω between a and b.

    Between two points on a sphere about 0 it follows the great circle, at constant speed; the mean
    of each N(code) stays 0. Endpoints with no defined arc between them are joined by a line.

    References:
        K. Shoemake, Animating Rotation with Quaternion Curves, 1985,
        https://doi.org/10.1145/325334.325242
    """
    a, b = start.double(), end.double()
    norms = a.norm(dim=1, keepdim=True) * b.norm(dim=1, keepdim=True)
    cosine = (a * b).sum(1, keepdim=True) / norms.clamp_min(torch.finfo(norms.dtype).tiny)
    angle = cosine.clamp(-1, 1).acos()
    sine, s = angle.sin(), s.double()
    arc = (((1 - s) * angle).sin() * a + (s * angle).sin() * b) / sine
    return torch.where(sine > PARALLEL, arc, linear(a, b, s)).to(start.dtype)


CURVES: dict[str, Curve] = {"": spherical, "_linear": linear}
"""Keys are the suffixes of the metrics' names."""


def squared_speeds(
    points: Callable[[Tensor], Tensor],
    path: Curve,
    start: Tensor,
    end: Tensor,
    s: Tensor,
    eps: float,
) -> Tensor:
    """‖φ(γ(s + ε)) - φ(γ(s))‖² / ε² for the path γ from a to b: its squared speed at s.

    Args:
        points: φ, maps codes ``(n, d)`` to points ``(n, ...)`` in the space of the measurement.
        path: γ.
        start: a, shape ``(n, d)``.
        end: b, shape ``(n, d)``.
        s: Positions in [0, 1 - ε], shape ``(n, 1)``.
        eps: ε.

    Returns:
        float64, shape ``(n,)``; the mean over s is at least ‖φ(b) - φ(a)‖², its value for a
        straight path of constant speed.

    References:
        T. Karras, S. Laine and T. Aila, A Style-Based Generator Architecture for Generative
        Adversarial Networks, 2019, https://arxiv.org/abs/1812.04948 (there with LPIPS)
    """
    before, after = (points(path(start, end, at)).flatten(1).double() for at in (s, s + eps))
    return (after - before).square().sum(1) / eps**2


def trimmed_mean(
    values: Tensor, error: ErrorOfMean = of_mean, lower: float = 0.01, upper: float = 0.99
) -> Estimate:
    """Mean of the values between two quantiles, inclusive, which are values from the sample.

    The standard error is that of the values with those outside moved to the quantiles, divided by
    the share of those inside.

    Args:
        values: Of each path, shape ``(n,)``.
        error: Of a mean over paths; that of independent ones if they share no images.
        lower: The lower quantile's share.
        upper: The upper quantile's share.

    Raises:
        NoValueError: There are no values.

    References:
        J. W. Tukey and D. H. McLaughlin, Less Vulnerable Confidence and Significance Procedures
        for Location Based on a Single Sample, 1963
    """
    if not len(values):
        raise NoValueError("there are no values to average")
    low = values.quantile(lower, interpolation="lower")
    high = values.quantile(upper, interpolation="higher")
    kept = values[(values >= low) & (values <= high)]
    of_clamped = error(values.clamp(low, high))
    share = len(kept) / len(values)
    return Estimate(float(kept.mean()), None if of_clamped is None else of_clamped / share)


def detour(points: Tensor, error: ErrorOfMean = of_mean) -> Estimate:
    """Length of paths divided by the distance of their endpoints, both summed over paths.

        Σ_i Σ_k ‖x_i,k+1 - x_i,k‖ / Σ_i ‖x_i,K - x_i,0‖

    Args:
        points: K + 1 points of each of n paths, shape ``(K + 1, n, ...)``.
        error: Of a mean over paths; that of independent ones if they share no images.

    Returns:
        1 for straight paths, more for others.

    Raises:
        NoValueError: All paths end where they start.
    """
    x = points.flatten(2).double()
    straight = (x[-1] - x[0]).norm(dim=1)
    if not bool(straight.any()):
        raise NoValueError("all paths end where they start")
    return ratio_of_means(x.diff(dim=0).norm(dim=2).sum(0), straight, error)


def takes_floats(extractor: Extractor, images: Tensor) -> bool:
    """Whether an extractor gives images in [-1, 1] the same features as their 8-bit versions.

    Rounding to 8 bits would add steps to a path that are longer than the path's own small steps.

    Args:
        extractor: The extractor of any space.
        images: A few uint8 images, shape ``(n, c, h, w)``.
    """
    with torch.inference_mode():
        images = images.to(extractor.device)
        expected, _ = extractor(images)
        try:
            found, _ = extractor(to_float(images))
        except torch.OutOfMemoryError:
            raise
        except (TypeError, ValueError, RuntimeError):
            return False
    return bool(torch.allclose(expected, found, rtol=1e-3, atol=1e-3 * float(expected.abs().max())))

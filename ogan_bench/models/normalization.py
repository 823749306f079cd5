"""Projections of a code: without its average, onto a sphere, or both."""

from __future__ import annotations

from torch import Tensor

EPS = 1e-12
"""Keeps a constant code and its gradient finite; it is projected to zero."""


def centre(code: Tensor) -> Tensor:
    """e - avg e over the dimensions of each code.

    Args:
        code: Shape ``(n, d)``.

    Returns:
        Codes of average 0, shape ``(n, d)``.
    """
    return code - code.mean(dim=1, keepdim=True)


def standardise(code: Tensor) -> Tensor:
    """N(e) = (e - avg e) / std e over the dimensions of each code, with the population std.

    Args:
        code: Shape ``(n, d)``.

    Returns:
        Codes of average 0 and standard deviation 1, shape ``(n, d)``.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    centred = centre(code)
    return centred / centred.square().mean(dim=1, keepdim=True).clamp_min(EPS**2).sqrt()


def on_sphere(code: Tensor) -> Tensor:
    """√d e / ‖e‖: a code of root mean square 1, its direction kept.

    Args:
        code: Shape ``(n, d)``.

    Returns:
        Shape ``(n, d)``.
    """
    return code / code.square().mean(dim=1, keepdim=True).clamp_min(EPS**2).sqrt()

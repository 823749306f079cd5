"""N(·): the projection of a code onto the sphere on which Pearson correlation lives."""

from __future__ import annotations

from torch import Tensor

EPS = 1e-12
"""Keeps a constant code finite; it is projected to zero."""


def standardise(code: Tensor) -> Tensor:
    """N(e) = (e - avg e) / std e over the dimensions of each code, with the population std.

    Args:
        code: Shape ``(n, d)``.

    Returns:
        Codes of average 0 and standard deviation 1, shape ``(n, d)``.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    centred = code - code.mean(dim=1, keepdim=True)
    return centred / centred.square().mean(dim=1, keepdim=True).sqrt().clamp_min(EPS)

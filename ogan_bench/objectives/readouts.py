"""Readouts: how the encoder's raw output e becomes a score (and which part of it is the code)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor


def avg(e: Tensor) -> tuple[Tensor, Tensor]:
    """Score avg(e), code e: the discriminator of O-GAN is the mean of the encoder's output.

    Args:
        e: Raw output of the encoder, shape ``(n, d)``.

    Returns:
        Score ``(n,)`` and code ``(n, d)``.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return e.mean(dim=1), e


READOUTS: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    "avg": avg,
}

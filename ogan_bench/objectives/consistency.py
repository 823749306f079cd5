"""Consistency terms: how the code of G(z) is tied to z. Losses per sample, ``(n, d) -> (n,)``."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F


def pearson(z: Tensor, code: Tensor) -> Tensor:
    """Minus the Pearson correlation over dimensions: -ρ(z, E(G(z))).

    ρ(z, e) = cos(z - avg z, e - avg e). It leaves the average and the norm of the code free.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    centred_z = z - z.mean(dim=1, keepdim=True)
    centred_code = code - code.mean(dim=1, keepdim=True)
    return -F.cosine_similarity(centred_z, centred_code, dim=1)


def mse(z: Tensor, code: Tensor) -> Tensor:
    """Squared norm as the O-GAN article writes it: ‖z - E(G(z))‖², a sum over dimensions.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    return (z - code).square().sum(dim=1)


def mse_mean(z: Tensor, code: Tensor) -> Tensor:
    """The squared error as a mean over dimensions: ‖z - E(G(z))‖² / d."""
    return (z - code).square().mean(dim=1)


def none(z: Tensor, code: Tensor) -> Tensor:
    """No consistency term: zero."""
    return code.new_zeros(len(code))


CONSISTENCY: dict[str, Callable[..., Tensor]] = {
    "pearson": pearson,
    "mse": mse,
    "mse_mean": mse_mean,
    "none": none,
}

"""The effective number of directions that a set of vectors spans."""

from __future__ import annotations

import torch
from torch import Tensor


def effective_rank(vectors: Tensor) -> float:
    """exp(-Σ_k p_k ln p_k) with the squared singular values over their sum, p.

    The p are the shares of energy along the principal axes. For centred vectors they are the
    eigenvalues of the covariance over their sum.

    Args:
        vectors: Not all zero, shape ``(n, k)``.

    Returns:
        Between 1, for parallel vectors, and min(n, k), for vectors that use all directions equally.

    Raises:
        ValueError: All vectors are zero.

    References:
        O. Roy and M. Vetterli, The effective rank: A measure of effective dimensionality, 2007,
        https://infoscience.epfl.ch/record/110188 (there of the singular values, not their squares)
    """
    energy = torch.linalg.svdvals(vectors.double()).square()
    if not bool(energy.any()):
        raise ValueError("vectors that are all zero have no rank")
    return float(torch.special.entr(energy / energy.sum()).sum().exp())

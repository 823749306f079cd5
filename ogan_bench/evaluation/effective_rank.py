"""The effective number of directions that a set of vectors spans."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.standard_error import of_mean


def effective_rank(vectors: Tensor) -> float:
    """exp(-Σ_k p_k ln p_k) with the squared singular values over their sum, p.

    The p are the shares of energy along the principal axes. For centred vectors they are the
    eigenvalues of the covariance over their sum.

    Args:
        vectors: Not all zero, shape ``(n, k)``.

    Returns:
        Between 1, for parallel vectors, and min(n, k), for vectors that use all directions equally.

    Raises:
        NoValueError: All vectors are zero.

    References:
        O. Roy and M. Vetterli, The effective rank: A measure of effective dimensionality, 2007,
        https://infoscience.epfl.ch/record/110188 (there of the singular values, not their squares)
    """
    energy = torch.linalg.svdvals(vectors.double()).square()
    if not bool(energy.any()):
        raise NoValueError("vectors that are all zero have no rank")
    return float(torch.special.entr(energy / energy.sum()).sum().exp())


def effective_rank_error(vectors: Tensor) -> float | None:
    """Standard error of :func:`effective_rank` from the finite number of vectors.

    With the shares y_ik of vector i in the energy along axis k, times n, and the entropy H, the
    influence of a vector on H is -Σ_k y_ik (ln p_k + H). To first order, so there have to be many
    more vectors than dimensions.

    Args:
        vectors: Independent, not all zero, shape ``(n, k)``.
    """
    left, singular, _ = torch.linalg.svd(vectors.double(), full_matrices=False)
    p = singular.square() / singular.square().sum()
    entropy = torch.special.entr(p).sum()
    y = len(vectors) * left.square() * p
    error = of_mean(-(y * (p.log().nan_to_num(neginf=0.0) + entropy)).sum(1))
    return None if error is None else float(entropy.exp()) * error

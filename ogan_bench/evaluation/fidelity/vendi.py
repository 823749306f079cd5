"""The effective number of distinct samples in a set, by entropies of two orders."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.feature_sets import BLOCK, check, sum_over_blocks
from ogan_bench.evaluation.standard_error import Estimate, of_mean


def vendi_score(samples: Tensor) -> Estimate:
    """exp H(λ) with the eigenvalues λ of K / n, where K_ij is the cosine between two samples.

    With the unit vectors X, the matrix XᵀX / n has the same non-zero eigenvalues as X Xᵀ / n =
    K / n; the smaller of the two is used. Equal samples give 1, n orthogonal ones n.

    Args:
        samples: Features, shape ``(n, k)``.

    Returns:
        A number from 1 to min(n, k), and its standard error: the influence of a sample x on H is
        -xᵀ log(XᵀX / n) x.

    Raises:
        NoValueError: Too few rows, values that are not finite, or zero feature vectors.

    References:
        D. Friedman and A. B. Dieng, The Vendi Score: A Diversity Evaluation Metric for Machine
        Learning, 2022, https://arxiv.org/abs/2210.02410
    """
    _check_directions(samples)
    n, k = samples.shape
    if n < k:
        x = normalize(samples.double())
        shares, vectors = torch.linalg.eigh(x @ x.T / n)
        entropy = torch.special.entr(shares.clamp_min(0))
        influences = n * vectors.square() @ entropy
    else:
        product = sum_over_blocks(samples, lambda x: normalize(x).T @ normalize(x))
        shares, vectors = torch.linalg.eigh(product / n)
        entropy = torch.special.entr(shares.clamp_min(0))
        # Along an axis of share 0 there is no sample, so the logarithm does not matter there.
        weights = -shares.clamp_min(torch.finfo(shares.dtype).eps).log()
        influences = torch.cat(
            [(normalize(x.double()) @ vectors).square() @ weights for x in samples.split(BLOCK)]
        )
    score, error = float(entropy.sum().exp()), of_mean(influences)
    return Estimate(score, None if error is None else score * error)


def rke_score(samples: Tensor) -> Estimate:
    """exp H₂(λ) = 1 / Σ λ² = 1 / ‖K / n‖²_F, with K and λ of :func:`vendi_score`.

    Rényi's entropy of order 2 weighs frequent kinds of samples more than Shannon's, so it is
    smaller and changes less with the number of samples. Equal samples give 1, n orthogonal ones n.

    Args:
        samples: Features, shape ``(n, k)``.

    Returns:
        A number from 1 to min(n, k), and its standard error: with M = XᵀX / n and the unit vectors
        x, the influence of a sample on tr M² is 2 xᵀMx.

    Raises:
        NoValueError: As :func:`vendi_score`.

    References:
        M. Jalali, C. T. Li and F. Farnia, An Information-Theoretic Evaluation of Generative Models
        in Learning Multi-modal Distributions, NeurIPS 2023
    """
    _check_directions(samples)
    n, k = samples.shape
    if n < k:
        x = normalize(samples.double())
        squares = (x @ x.T).square().mean(1)
    else:
        moment = sum_over_blocks(samples, lambda x: normalize(x).T @ normalize(x)) / n
        blocks = (normalize(x.double()) for x in samples.split(BLOCK))
        squares = torch.cat([((x @ moment) * x).sum(1) for x in blocks])
    score, error = 1 / float(squares.mean()), of_mean(2 * squares)
    return Estimate(score, None if error is None else score**2 * error)


def _check_directions(samples: Tensor) -> None:
    check(samples)
    if zero := sum(int((block == 0).all(1).sum()) for block in samples.split(BLOCK)):
        raise NoValueError(f"the features of {zero} images are all 0 and have no direction")

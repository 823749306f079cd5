"""How well E(G(z)) gives z back."""

from __future__ import annotations

import math

from torch import Tensor

from ogan_bench.evaluation.rows import Row
from ogan_bench.models.normalization import standardise


def latent_rho(z: Tensor, codes: Tensor) -> float:
    """Pearson correlation over dimensions between z and the code of G(z), mean over samples.

        ρ(z, e) = Σ_j N(z)_j N(e)_j / d

    A constant code correlates with nothing: 0.

    Args:
        z: Shape ``(n, d)``.
        codes: Raw codes of G(z), shape ``(n, d)``.

    Returns:
        Between -1 and 1.

    Raises:
        ValueError: There is only one dimension.

    References:
        J. Su, O-GAN, 2019, https://arxiv.org/abs/1903.01931
    """
    if z.shape[1] < 2:
        raise ValueError("a correlation over one dimension is not defined")
    return float((standardise(z.double()) * standardise(codes.double())).mean(1).mean())


def product_of_others(first: Tensor, second: Tensor) -> float:
    """Mean of a_i · b_j / d over all pairs i ≠ j: what is alike in the codes of different samples.

    Of normalised codes it is the correlation that codes have without regard to their sample.

    Args:
        first: The a_i, shape ``(n, d)``.
        second: The b_j, shape ``(n, d)``.

    Raises:
        ValueError: There is one sample only.
    """
    n, d = first.shape
    if n < 2:
        raise ValueError("one sample has no other to compare with")
    a, b = first.double(), second.double()
    return float(a.sum(0) @ b.sum(0) - (a * b).sum()) / (n * (n - 1) * d)


def latent_rows(z: Tensor, codes: Tensor) -> list[Row]:
    """The round trip's correlation; its floor is what independent codes give, 0.

    For an isotropic z the correlation of one sample with anything independent has the standard
    deviation 1/√(d - 1): N(·) leaves a direction on a sphere of d - 1 dimensions.
    """
    value = latent_rho(z, codes)
    spread = 1 / math.sqrt(z.shape[1] - 1)
    note = f"of unrelated codes: 0 with standard deviation {spread:.3f} for a single sample"
    return [Row("latent_rho", value, len(z), "generated", floor=0.0, note=note)]

"""The latent round trip: perfect, inverted, unrelated and constant codes; scipy as oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr
from torch import Tensor

from ogan_bench.evaluation.latent.round_trip import latent_rho, latent_rows, product_of_others


def normal(n: int, d: int, seed: int) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_agrees_with_scipy() -> None:
    z, codes = normal(50, 12, 0), normal(50, 12, 1)
    codes = codes + 0.5 * z
    expected = np.mean([pearsonr(a, b).statistic for a, b in zip(z.numpy(), codes.numpy(),
                                                                strict=True)])  # fmt: skip
    assert latent_rho(z, codes) == pytest.approx(expected, abs=1e-6)


def test_perfect_and_inverted_codes_whatever_their_scale_and_offset() -> None:
    z = normal(100, 16, 0)
    assert latent_rho(z, 7 * z + 3) == pytest.approx(1.0)
    assert latent_rho(z, -0.1 * z + 3) == pytest.approx(-1.0)


def test_unrelated_codes_are_at_the_floor_with_the_noted_spread() -> None:
    d, n = 17, 4000
    z, codes = normal(n, d, 0), normal(n, d, 1)
    (row,) = latent_rows(z, codes)
    assert row.floor == 0.0
    assert row.value == pytest.approx(0.0, abs=4 / math.sqrt((d - 1) * n))
    singles = [latent_rho(z[i : i + 1], codes[i : i + 1]) for i in range(n)]
    assert np.std(singles) == pytest.approx(1 / math.sqrt(d - 1), rel=0.05)
    assert "0.250" in (row.note or "")


def test_constant_codes_correlate_with_nothing() -> None:
    assert latent_rho(normal(10, 8, 0), torch.ones(10, 8)) == 0.0


def test_one_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="one dimension"):
        latent_rows(normal(10, 1, 0), normal(10, 1, 1))


class TestOthers:
    def test_is_the_mean_over_all_other_pairs(self) -> None:
        a, b = normal(20, 6, 0) + 1, normal(20, 6, 1) - 2
        products = (a @ b.T / 6)[~torch.eye(20, dtype=torch.bool)]
        assert product_of_others(a, b) == pytest.approx(float(products.mean()), rel=1e-5)

    def test_of_codes_that_are_all_alike_is_their_own(self) -> None:
        a = torch.tensor([[1.0, -1.0]]).expand(5, 2)
        assert product_of_others(a, a) == pytest.approx(1.0)

    def test_of_one_sample_is_not_defined(self) -> None:
        with pytest.raises(ValueError, match="no other"):
            product_of_others(normal(1, 4, 0), normal(1, 4, 1))

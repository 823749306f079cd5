"""The latent round trip as a correlation, by dimension and as a search: scipy as oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.latent.round_trip import (
    latent_r2,
    latent_r2_influence,
    latent_retrieval,
    latent_retrieval_error,
    latent_rho,
    latent_rows,
    product_of_others,
)
from ogan_bench.evaluation.standard_error import of_mean
from ogan_bench.models.normalization import standardise
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


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
    assert row.error == pytest.approx(np.std(singles, ddof=1) / math.sqrt(n))
    assert "0.250" in (row.note or "")


def test_constant_codes_correlate_with_nothing() -> None:
    assert latent_rho(normal(10, 8, 0), torch.ones(10, 8)) == 0.0


def test_one_dimension_is_refused() -> None:
    with pytest.raises(NoValueError, match="one dimension"):
        latent_rho(normal(10, 1, 0), normal(10, 1, 1))
    (row,) = latent_rows(normal(10, 1, 0), normal(10, 1, 1))
    assert row.value is None
    assert "one dimension" in (row.note or "")


class TestOthers:
    def test_is_the_mean_over_all_other_pairs(self) -> None:
        a, b = normal(20, 6, 0) + 1, normal(20, 6, 1) - 2
        products = (a @ b.T / 6)[~torch.eye(20, dtype=torch.bool)]
        assert product_of_others(a, b) == pytest.approx(float(products.mean()), rel=1e-5)

    def test_of_codes_that_are_all_alike_is_their_own(self) -> None:
        a = torch.tensor([[1.0, -1.0]]).expand(5, 2)
        assert product_of_others(a, a) == pytest.approx(1.0)

    def test_of_one_sample_is_not_defined(self) -> None:
        with pytest.raises(NoValueError, match="at least two samples"):
            product_of_others(normal(1, 4, 0), normal(1, 4, 1))


class TestR2:
    def test_agrees_with_scipy(self) -> None:
        z = normal(60, 5, 0)
        codes = normal(60, 5, 1) + z * torch.arange(5)
        expected = [
            pearsonr(a, b).statistic ** 2 for a, b in zip(z.T.numpy(), codes.T.numpy(), strict=True)
        ]
        assert np.allclose(latent_r2(z, codes).numpy(), expected, atol=1e-6)

    def test_any_line_of_a_dimension_is_perfect(self) -> None:
        z = normal(50, 8, 0)
        codes = z * torch.linspace(-3, 3, 8) + 5
        assert torch.allclose(latent_r2(z, codes), torch.ones(8).double())

    def test_another_dimension_is_no_substitute(self) -> None:
        z = normal(4000, 8, 0)
        assert float(latent_r2(z, z.roll(1, 1)).max()) < 0.01

    def test_unrelated_codes_are_at_the_floor(self) -> None:
        n, d = 20, 5000
        values = latent_r2(normal(n, d, 0), normal(n, d, 1))
        assert float(values.mean()) == pytest.approx(1 / (n - 1), rel=0.05)

    def test_constant_codes_explain_nothing(self) -> None:
        assert latent_r2(normal(10, 4, 0), torch.ones(10, 4)).tolist() == [0.0] * 4

    def test_falls_with_noise(self) -> None:
        z, noise = normal(500, 4, 0), normal(500, 4, 1)
        values = [float(latent_r2(z, z + s * noise).mean()) for s in (0, 0.3, 1, 3)]
        assert values == sorted(values, reverse=True)
        assert values[2] == pytest.approx(0.5, abs=0.05)  # var z / (var z + var noise)

    def test_two_samples_are_refused(self) -> None:
        with pytest.raises(NoValueError, match="always lie on a line"):
            latent_r2(normal(2, 4, 0), normal(2, 4, 1))


class TestRetrieval:
    def test_perfect_codes_find_their_own(self) -> None:
        z = normal(300, 8, 0)
        assert latent_retrieval(z, z) == 1.0

    def test_unrelated_codes_find_as_many_as_chance(self) -> None:
        z, codes = normal(400, 8, 0), normal(400, 8, 1)
        assert latent_retrieval(z, codes) < 5 / 400

    def test_collapsed_codes_find_one(self) -> None:
        assert latent_retrieval(normal(200, 8, 0), torch.zeros(200, 8)) == pytest.approx(1 / 200)

    def test_equally_near_ones_share(self) -> None:
        """N(.) of two dimensions leaves a sign: half of all z are the same."""
        z = standardise(normal(1000, 2, 0))
        assert latent_retrieval(z, z) == pytest.approx(2 / 1000)

    def test_is_a_search_by_hand(self) -> None:
        z = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])
        codes = torch.tensor([[0.1, 0.0], [0.0, 0.9], [0.2, 0.9], [9.0, 9.0]])
        assert latent_retrieval(z, codes) == 0.75

    def test_order_does_not_matter(self) -> None:
        z = normal(200, 6, 0)
        codes = z + normal(200, 6, 1)
        assert 0.1 < latent_retrieval(z, codes) < 0.9
        assert latent_retrieval(z.flip(0), codes.flip(0)) == latent_retrieval(z, codes)


class TestErrors:
    @pytest.mark.parametrize(("noise", "most"), [(0.1, 1.3), (1.0, 1.3), (1e3, 1.6)])
    def test_of_dimensions_is_about_the_spread(self, noise: float, most: float) -> None:
        pairs = [(z := normal(300, 16, 2 * s), z + noise * normal(300, 16, 2 * s + 1))
                 for s in range(60)]  # fmt: skip
        values = [float(latent_r2(z, codes).mean()) for z, codes in pairs]
        errors = [of_mean(latent_r2_influence(z, codes)) or 0 for z, codes in pairs]
        assert_about_the_spread(values, errors, least=0.75, most=most)

    def test_of_dimensions_that_are_constant_or_exact_is_zero(self) -> None:
        z = normal(50, 4, 0)
        for codes in (torch.ones(50, 4), 3 * z + 1):
            assert of_mean(latent_r2_influence(z, codes)) == pytest.approx(0, abs=1e-7)

    @pytest.mark.parametrize("noise", [0.5, 1.5, 1e3])
    def test_of_retrieval_is_about_the_spread(self, noise: float) -> None:
        """A share of independent hits would be up to a third too small."""
        pairs = [(z := normal(200, 16, 2 * s), z + noise * normal(200, 16, 2 * s + 1))
                 for s in range(60)]  # fmt: skip
        values = [latent_retrieval(z, codes) for z, codes in pairs]
        errors = [latent_retrieval_error(z, codes) or 0 for z, codes in pairs]
        assert_about_the_spread(values, errors, least=0.75)

    def test_of_retrieval_that_never_fails_is_zero(self) -> None:
        z = normal(60, 8, 0)
        assert latent_retrieval_error(z, z) == 0.0
        assert latent_retrieval_error(z[:2], z[:2]) is None

"""Codes beside z: scipy as oracle, finite-sample floors, closed forms of the effective rank."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy, ks_2samp
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.latent.prior_match import (
    code_rank,
    kolmogorov_smirnov,
    kolmogorov_smirnov_floor,
)
from tests.oracles.evaluation.normal_samples import normal


class TestKolmogorovSmirnov:
    @pytest.mark.parametrize("ties", [False, True])
    def test_agrees_with_scipy(self, ties: bool) -> None:
        a, b = normal(70, 6, 0), 1.3 * normal(110, 6, 1) + 0.2
        if ties:
            a, b = a.mul(2).round(), b.mul(2).round()
        expected = [ks_2samp(a[:, j].numpy(), b[:, j].numpy()).statistic for j in range(6)]
        assert np.allclose(kolmogorov_smirnov(a, b).numpy(), expected, atol=1e-12)

    def test_equal_and_separate_samples(self) -> None:
        x = normal(50, 3, 0)
        assert kolmogorov_smirnov(x, x.flip(0)).tolist() == [0.0] * 3
        assert kolmogorov_smirnov(x, x + 100).tolist() == [1.0] * 3

    @pytest.mark.parametrize(("n", "m"), [(300, 2000), (1000, 1000)])
    def test_equal_distributions_are_at_the_floor(self, n: int, m: int) -> None:
        values = kolmogorov_smirnov(normal(n, 400, 0), normal(m, 400, 1))
        assert float(values.mean()) == pytest.approx(kolmogorov_smirnov_floor(n, m), rel=0.05)

    def test_grows_with_a_shift(self) -> None:
        x, y = normal(500, 2, 0), normal(500, 2, 1)
        values = [float(kolmogorov_smirnov(x + s, y).mean()) for s in (0, 0.3, 1, 3)]
        assert values == sorted(values)
        # Two normal distributions a distance of s apart: 2 Φ(s/2) - 1.
        assert values[2] == pytest.approx(math.erf(0.5 / math.sqrt(2)), abs=0.05)

    def test_nothing_is_refused(self) -> None:
        with pytest.raises(NoValueError, match="no codes"):
            kolmogorov_smirnov(normal(0, 2, 0), normal(5, 2, 0))


class TestEffectiveRank:
    def test_even_and_flat_codes(self) -> None:
        corners = torch.cat([torch.eye(6), -torch.eye(6)])
        assert code_rank(corners) == pytest.approx(6.0)
        assert code_rank(corners[:, :1] * torch.ones(1, 6)) == pytest.approx(1.0)

    def test_agrees_with_scipy(self) -> None:
        codes = normal(200, 5, 0) * torch.tensor([3.0, 2.0, 1.0, 0.5, 0.0]) + 7
        eigenvalues = np.linalg.eigvalsh(np.cov(codes.double().numpy(), rowvar=False))
        assert code_rank(codes) == pytest.approx(math.exp(entropy(eigenvalues.clip(0))))

    def test_does_not_see_shift_scale_and_rotation(self) -> None:
        codes = normal(100, 4, 0) * torch.tensor([2.0, 1.0, 1.0, 0.1])
        turn = torch.linalg.qr(normal(4, 4, 1)).Q
        assert code_rank(5 * codes @ turn - 3) == pytest.approx(code_rank(codes), rel=1e-5)

    def test_falls_with_every_dimension_that_collapses(self) -> None:
        codes = normal(300, 6, 0)
        values = [code_rank(codes * (torch.arange(6) >= lost)) for lost in range(6)]
        assert values == sorted(values, reverse=True)

    @pytest.mark.parametrize("codes", [torch.ones(5, 3), torch.zeros(1, 3)])
    def test_codes_that_do_not_differ_are_refused(self, codes: Tensor) -> None:
        with pytest.raises(NoValueError, match="all codes are equal"):
            code_rank(codes)

"""Sorted projections: closed forms and simulations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.sliced_wasserstein import sliced_wasserstein
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


class TestSlicedWasserstein:
    @pytest.mark.parametrize("k", [4, 64])
    def test_of_a_shift_is_three_times_its_square(self, k: int) -> None:
        x = normal(300, k, 0)
        assert sliced_wasserstein(x, x + 0.7, 0).value == pytest.approx(3 * k * 0.49, rel=0.1)

    def test_of_one_feature_is_scipys_square(self) -> None:
        x, y = normal(200, 1, 0), normal(200, 1, 1, mean=3).abs().add(3)
        # All of y lies above x, so the distances of both orders have closed forms.
        found = sliced_wasserstein(x, y, 0).value / 3
        gaps = np.sort(y[:, 0].numpy()) - np.sort(x[:, 0].numpy())
        assert gaps.min() > 0
        assert found == pytest.approx(float(np.square(gaps).mean()), rel=1e-5)
        first = wasserstein_distance(x[:, 0].numpy(), y[:, 0].numpy())
        assert found == pytest.approx(first**2 + gaps.var(), rel=1e-5)

    def test_of_scaled_normals_has_a_closed_form(self) -> None:
        x, y = normal(4000, 8, 0), 2 * normal(4000, 8, 1)
        # Every projection goes from deviation 1 to 2: 3 · 8 · (2 - 1)².
        assert sliced_wasserstein(x, y, 0).value == pytest.approx(24, rel=0.05)

    def test_of_equal_sets_in_any_order_is_zero(self) -> None:
        x = normal(200, 8, 0)
        assert sliced_wasserstein(x, x.flip(0), 0).value == pytest.approx(0.0, abs=1e-12)

    def test_falls_with_the_number_of_perfect_samples(self) -> None:
        values = [
            sliced_wasserstein(normal(n, 8, 0), normal(n, 8, 1), 0).value for n in (50, 500, 5000)
        ]
        for before, after in itertools.pairwise(values):
            assert after < 0.2 * before

    @pytest.mark.parametrize(("mean", "most"), [(0.0, 2.0), (0.5, 1.6)])
    def test_error_is_about_the_spread(self, mean: float, most: float) -> None:
        y = normal(200, 6, 999)
        found = [sliced_wasserstein(normal(200, 6, s, mean), y, 0) for s in range(25)]
        errors = [f.standard_error or 0 for f in found]
        assert_about_the_spread([f.value for f in found], errors, most=most)

    def test_sets_are_cut_to_the_smaller(self) -> None:
        x, y = normal(100, 8, 0), normal(300, 8, 1)
        one, two = (sliced_wasserstein(x, y, seed).value for seed in (1, 2))
        assert one == sliced_wasserstein(x, y, 1).value != two

    def test_of_a_collapsed_generator_is_three_variances(self) -> None:
        y = normal(2000, 8, 0)
        expected = 3 * float(y.double().square().sum(1).mean())
        assert sliced_wasserstein(torch.zeros(2000, 8), y, 0).value == pytest.approx(
            expected, rel=0.05
        )

    def test_refuses_values_that_are_not_finite(self) -> None:
        with pytest.raises(NoValueError, match="samples are not finite"):
            sliced_wasserstein(torch.full((10, 2), math.nan), normal(10, 2, 0), 0)

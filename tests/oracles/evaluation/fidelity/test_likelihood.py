"""The gap in likelihood: the library's density, the best variance, copies and new samples."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.likelihood import (
    BACKGROUND,
    LEAST_VARIANCE,
    Mixture,
    generalisation_gap,
)
from tests.oracles.evaluation.normal_samples import normal


def mixture(n: int, k: int, seed: int) -> Mixture:
    return Mixture(normal(n, k, seed).double(), normal(n, 1, seed + 1)[:, 0].double() - 2)


class TestMixture:
    @pytest.mark.parametrize(("n", "m", "k"), [(7, 1100, 3), (40, 30, 50)])
    def test_density_is_the_librarys(self, n: int, m: int, k: int) -> None:
        found, points = mixture(n, k, 0), normal(m, k, 2).double()
        means = torch.cat([found.means, found.means.new_zeros(1, k)])
        deviations = torch.cat([(found.log_variances / 2).exp(), torch.ones(1)])
        weights = torch.tensor([(1 - BACKGROUND) / n] * n + [BACKGROUND], dtype=torch.float64)
        known = MixtureSameFamily(
            Categorical(weights),
            Independent(Normal(means, deviations[:, None].expand(-1, k)), 1),
        )
        assert torch.allclose(found.log_density(points), known.log_prob(points), rtol=1e-9)

    def test_a_single_component_gets_the_mean_square(self) -> None:
        """About points that the standard normal does not reach."""
        points = 30 + 0.2 * normal(500, 8, 0).double()
        centre = torch.full((1, 8), 30.0).double()
        fitted = Mixture(centre, torch.zeros(1).double()).fitted(points)
        expected = float((points - 30).square().mean())
        assert fitted.log_variances.exp().item() == pytest.approx(expected, rel=1e-9)

    def test_no_change_of_a_variance_is_likelier(self) -> None:
        points, start = normal(300, 4, 0).double(), mixture(12, 4, 1)
        fitted = start.fitted(points)
        best = float(fitted.log_density(points).mean())
        assert best > float(start.log_density(points).mean())
        for component in range(12):
            for change in (-0.3, 0.3):
                other = fitted.log_variances.clone()
                other[component] += change
                assert float(Mixture(fitted.means, other).log_density(points).mean()) < best + 1e-3

    def test_a_component_without_points_stays(self) -> None:
        far = Mixture(torch.full((1, 3), 1e3).double(), torch.zeros(1).double())
        assert far.fitted(normal(50, 3, 0).double()).log_variances.tolist() == [0.0]


def gap_of(sets: list[Tensor]) -> float:
    samples, training, test = sets
    return generalisation_gap(samples, training, test, 0)


class TestGap:
    @pytest.mark.parametrize(("k", "most"), [(5, 0.1), (16, 0.04), (64, 0.015)])
    def test_new_samples_are_about_0(self, k: int, most: float) -> None:
        found = [gap_of([normal(400, k, 3 * s + i) for i in range(3)]) for s in range(6)]
        assert 0 < sum(found) / 6 < most

    @pytest.mark.parametrize("k", [5, 64])
    def test_copies_are_far_above_and_more_of_them_farther(self, k: int) -> None:
        training, test = normal(400, k, 0), normal(400, k, 1)

        def of(samples: Tensor) -> float:
            return generalisation_gap(samples, training, test, 0)

        half, noisy = torch.cat([training[:200], normal(200, k, 2)]), normal(400, k, 3)
        assert of(training) > of(half) > 1
        assert of(training) > of(training + 0.05 * noisy) > 1
        assert abs(of(2 * normal(400, k, 4))) < 0.1
        assert abs(of(normal(1, k, 5).expand(400, -1))) < 0.1

    def test_of_exact_copies_is_bounded_by_the_least_variance(self) -> None:
        found = generalisation_gap(normal(200, 6, 0), normal(200, 6, 0), normal(200, 6, 1), 0)
        of_test = 0.5 * math.log(2 * math.pi) + 0.5 * 6  # 6: mean square, generously
        assert 0 < found < -0.5 * math.log(2 * math.pi * LEAST_VARIANCE) + of_test + 1

    def test_scales_and_constant_features_do_not_matter(self) -> None:
        sets = [normal(100, 4, s) for s in range(3)]
        scales = torch.tensor([1.0, 10.0, 0.1, 3.0])
        others = [torch.cat([s * scales + 5, torch.ones(100, 1)], dim=1) for s in sets]
        found = gap_of(sets)
        assert gap_of(others) == pytest.approx(found, rel=1e-3)

    def test_constant_training_images_have_none(self) -> None:
        with pytest.raises(NoValueError, match="constant"):
            generalisation_gap(normal(10, 3, 0), torch.ones(10, 3), normal(10, 3, 1), 0)

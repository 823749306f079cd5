"""Fréchet distances, their floor and their extrapolation: closed forms and a library."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import linregress
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity import frechet as frechet_module
from ogan_bench.evaluation.fidelity.frechet import (
    Moments,
    frechet_distance,
    frechet_error,
    frechet_floor,
    frechet_infinity,
    frechet_influence,
    moments,
)
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


def with_moments(mean: Tensor, covariance: Tensor, n: int, seed: int = 0) -> Tensor:
    """Points whose sample mean and covariance are exactly as given."""
    points = normal(n, len(mean), seed).double()
    points = points - points.mean(0)
    whitening = torch.linalg.inv(torch.linalg.cholesky(torch.cov(points.T)))
    found: Tensor = points @ whitening.T @ torch.linalg.cholesky(covariance).T + mean
    return found


def influence(samples: Tensor, reference: Moments) -> Tensor:
    found = frechet_influence(samples, reference)
    assert found is not None
    return found


def library_frechet(x: Tensor, y: Tensor) -> float:
    """torch-fidelity's distance: by eigenvalues of the product, which is not symmetric."""
    first, second = (fid_features_to_statistics(t.double()) for t in (x, y))
    result = fid_statistics_to_metric(first, second, verbose=False)
    return float(result["frechet_inception_distance"])


class TestFrechetDistance:
    def test_equal_covariances_leave_the_means(self) -> None:
        mean, identity = torch.zeros(8).double(), torch.eye(8).double()
        x, y = with_moments(mean, identity, 50), with_moments(mean + 1, identity, 70, seed=1)
        assert frechet_distance(x, y) == pytest.approx(8.0, rel=1e-9)

    def test_commuting_covariances(self) -> None:
        a, b = torch.tensor([1.0, 4.0, 9.0]).double(), torch.tensor([4.0, 1.0, 0.25]).double()
        mean = torch.zeros(3).double()
        x, y = with_moments(mean, a.diag(), 40), with_moments(mean, b.diag(), 60, seed=1)
        expected = float((a.sqrt() - b.sqrt()).square().sum())
        assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)

    @pytest.mark.parametrize(("n", "m", "k"), [(300, 200, 16), (500, 900, 100)])
    def test_agrees_with_torch_fidelity(self, n: int, m: int, k: int) -> None:
        x, y = normal(n, k, 0), 2 * normal(m, k, 1, mean=0.3)
        assert frechet_distance(x, y) == pytest.approx(library_frechet(x, y), rel=1e-9)

    @pytest.mark.parametrize(("n", "m", "k"), [(20, 200, 40), (200, 20, 40), (20, 30, 40)])
    def test_of_fewer_points_than_features_agrees(self, n: int, m: int, k: int) -> None:
        x, y = normal(n, k, 0), 2 * normal(m, k, 1, mean=0.3)
        assert frechet_distance(x, y) == pytest.approx(library_frechet(x, y), abs=1e-4)

    def test_of_features_with_dead_ones_agrees(self) -> None:
        x, y = normal(300, 24, 0).relu(), normal(400, 24, 1, mean=0.3).relu()
        x[:, ::3], y[:, ::4] = 0, 0
        assert frechet_distance(x, y) == pytest.approx(library_frechet(x, y), rel=1e-7)

    def test_of_four_points_with_negative_eigenvalues_is_finite(self) -> None:
        # The product of their covariances has real eigenvalues that rounding makes negative.
        x, y = (torch.from_numpy(np.random.RandomState(s).randn(4, 4)) for s in (1, 2))
        assert frechet_distance(x, y) == pytest.approx(library_frechet(x, y), abs=1e-4)

    def test_of_one_feature_is_that_of_means_and_deviations(self) -> None:
        x, y = normal(50, 1, 0).double(), 3 * normal(70, 1, 1, mean=2).double()
        expected = float((x.mean() - y.mean()) ** 2 + (x.std() - y.std()) ** 2)
        assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)

    def test_is_invariant_to_rotation(self) -> None:
        x, y = normal(200, 8, 0).double(), normal(300, 8, 1, mean=0.5).double().mul(1.5)
        rotation, _ = torch.linalg.qr(normal(8, 8, 2).double())
        expected = frechet_distance(x, y)
        assert frechet_distance(x @ rotation, y @ rotation) == pytest.approx(expected, rel=1e-9)

    def test_takes_the_moments_of_the_reference_for_it(self) -> None:
        x, y = normal(200, 8, 0), normal(300, 8, 1)
        assert frechet_distance(x, moments(y)) == frechet_distance(x, y)
        assert frechet_floor(moments(y), 200) == frechet_floor(y, 200)

    def test_is_zero_for_the_same_set_in_another_order(self) -> None:
        x = normal(500, 16, 0)
        assert frechet_distance(x, x.flip(0)) == pytest.approx(0.0, abs=1e-6)

    def test_is_symmetric_and_scales_with_the_square(self) -> None:
        x, y = normal(200, 8, 0).double(), normal(300, 8, 1, mean=0.5).double()
        distance = frechet_distance(x, y)
        assert frechet_distance(y, x) == pytest.approx(distance, rel=1e-9)
        assert frechet_distance(3 * x, 3 * y) == pytest.approx(9 * distance, rel=1e-9)

    def test_of_a_collapsed_generator_is_finite(self) -> None:
        y = normal(400, 8, 1).double()
        collapsed = torch.full((100, 8), 2.0).double()
        expected = float((2 - y.mean(0)).square().sum() + torch.cov(y.T).trace())
        assert frechet_distance(collapsed, y) == pytest.approx(expected, rel=1e-9)


class TestFrechetFloor:
    @pytest.mark.parametrize(("n", "m"), [(1500, 1000), (800, 4000)])
    def test_is_what_perfect_samples_give(self, n: int, m: int) -> None:
        scale = torch.arange(1, 17) ** -0.5
        reference = normal(20_000, 16, 99) * scale
        distances = [
            frechet_distance(normal(n, 16, 2 * s) * scale, normal(m, 16, 2 * s + 1) * scale)
            for s in range(60)
        ]
        # The floor is a statement about m reference images, so it is asked with m of them.
        floors = [frechet_floor(reference[i * m : (i + 1) * m], n) for i in range(5)]
        assert np.mean(distances) == pytest.approx(np.mean(floors), rel=0.05)

    def test_of_white_features_is_the_closed_form(self) -> None:
        k = 6
        reference = with_moments(torch.zeros(k).double(), torch.eye(k).double(), 100)
        expected = 0.5 * (1 / 400 + 1 / 100) * (2 * k + k * (k + 1) / 2)
        assert frechet_floor(reference, 400) == pytest.approx(expected, rel=1e-9)

    def test_dead_features_add_nothing(self) -> None:
        reference = normal(200, 6, 0).double()
        padded = torch.cat([reference, torch.zeros(200, 3)], 1)
        assert frechet_floor(padded, 100) == pytest.approx(frechet_floor(reference, 100), rel=1e-9)

    @pytest.mark.parametrize("n", [80, 100])
    def test_is_withheld_where_its_expansion_fails(self, n: int) -> None:
        """For 64 features it would be a sixth to a third too low."""
        with pytest.raises(NoValueError, match=f"{n} images are too few for 64 features, take 192"):
            frechet_floor(normal(1000, 64, 0), n)
        with pytest.raises(NoValueError, match=f"{n} images are too few for 64 features, take 192"):
            frechet_floor(normal(n, 64, 0), 1000)

    @pytest.mark.parametrize("n", [200, 400])
    def test_is_within_a_fifth_where_it_is_given(self, n: int) -> None:
        sets = [(normal(n, 64, 2 * s), moments(normal(n, 64, 2 * s + 1))) for s in range(10)]
        distance = np.mean([frechet_distance(x, y) for x, y in sets])
        floor = np.mean([frechet_floor(y, n) for _, y in sets])
        assert 0.8 < floor / distance < 1


class TestFrechetInfluence:
    @pytest.mark.parametrize(
        ("mean", "scale", "most"), [(0.0, 1.0, 1.9), (0.5, 1.0, 1.3), (0.0, 0.5, 1.3)]
    )
    def test_error_is_about_the_spread(self, mean: float, scale: float, most: float) -> None:
        reference = moments(normal(2000, 16, 99))
        sets = [scale * normal(240, 16, s) + mean for s in range(40)]
        errors = [frechet_error(x, reference) or 0 for x in sets]
        values = [frechet_distance(x, reference) for x in sets]
        assert_about_the_spread(values, errors, most=most)

    def test_is_the_derivative(self) -> None:
        """A sample that counts a little more moves the distance by its influence."""
        x, y = normal(60, 4, 0).double(), normal(80, 4, 1, mean=0.3).double()
        many = 2000
        more = torch.cat([x.repeat(many, 1), x[7:8].repeat(60, 1)])
        moved = frechet_distance(more, y) - frechet_distance(x.repeat(many, 1), y)
        found = influence(x.repeat(many, 1), moments(y))
        expected = float(found[7] - found.mean()) / (many + 1)
        assert moved == pytest.approx(expected, rel=1e-2)

    def test_of_a_collapsed_generator_is_zero(self) -> None:
        found = influence(torch.full((100, 8), 2.0), moments(normal(200, 8, 1)))
        assert float(found.std()) == pytest.approx(0.0, abs=1e-9)

    def test_needs_three_samples_per_feature(self) -> None:
        reference = moments(normal(300, 10, 1))
        assert frechet_influence(normal(29, 10, 0), reference) is None
        assert frechet_influence(normal(30, 10, 0), reference) is not None


class TestFrechetInfinity:
    def test_takes_away_what_the_number_of_samples_adds(self) -> None:
        reference = normal(20_000, 16, 99)
        sets = [normal(400, 16, s, mean=0.1) for s in range(10)]
        plain = np.mean([frechet_distance(x, reference) for x in sets])
        found = np.mean([frechet_infinity(x, reference, 0).value for x in sets])
        assert plain - 0.16 > 0.15  # the truth is 16 · 0.1²
        assert found == pytest.approx(0.16, abs=0.03)

    @pytest.mark.parametrize("mean", [0.0, 0.1])
    def test_error_is_about_the_spread(self, mean: float) -> None:
        """The scatter about the line, which shares samples, would be a third of it."""
        reference = moments(normal(2000, 16, 99))
        found = [frechet_infinity(normal(600, 16, s, mean), reference, 0) for s in range(25)]
        assert_about_the_spread([f.value for f in found], [f.standard_error for f in found])

    def test_line_agrees_with_scipy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sizes: list[int] = []
        noise = np.random.default_rng(0).normal(0, 0.01, 15)

        def fake(samples: Tensor, reference: object) -> float:
            sizes.append(len(samples))
            return float(3 + 50 / len(samples) + noise[len(sizes) - 1])

        monkeypatch.setattr(frechet_module, "frechet_distance", fake)
        found = frechet_infinity(normal(1000, 8, 0), normal(50, 8, 1), 0)
        assert len(sizes) == 15
        assert (sizes[0], sizes[-1], found.smallest) == (100, 1000, 100)
        line = linregress(1 / np.array(sizes), 3 + 50 / np.array(sizes) + noise)
        assert found.value == pytest.approx(line.intercept, rel=1e-9)

    def test_needs_five_samples_per_feature(self) -> None:
        y = normal(100, 20, 1)
        frechet_infinity(normal(100, 20, 0), y, 0)
        with pytest.raises(NoValueError, match=r"99 samples are too few .*: 20 features need 100"):
            frechet_infinity(normal(99, 20, 0), y, 0)

    def test_seed_decides_the_parts(self) -> None:
        x, y = normal(300, 4, 0), normal(300, 4, 1)
        one, two = (frechet_infinity(x, y, seed) for seed in (1, 2))
        assert one == frechet_infinity(x, y, 1) != two

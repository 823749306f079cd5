"""Extrapolation, sorted projections, effective numbers and cells: closed forms and simulations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.stats import linregress, wasserstein_distance
from statsmodels.stats.proportion import proportions_ztest
from torch import Tensor
from vendi_score import vendi

from ogan_bench.evaluation.fidelity import frechet as frechet_module
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, frechet_infinity
from ogan_bench.evaluation.fidelity.kmeans_bins import (
    cell_counts,
    centres,
    different_cells,
    jensen_shannon,
    jensen_shannon_floor,
    number_of_cells,
)
from ogan_bench.evaluation.fidelity.sliced_wasserstein import sliced_wasserstein
from ogan_bench.evaluation.fidelity.vendi import vendi_score


def normal(n: int, k: int, seed: int, mean: float = 0.0) -> Tensor:
    return torch.randn(n, k, generator=torch.Generator().manual_seed(seed)).add(mean)


class TestFrechetInfinity:
    def test_takes_away_what_the_number_of_samples_adds(self) -> None:
        reference = normal(20_000, 16, 99)
        sets = [normal(400, 16, s, mean=0.1) for s in range(10)]
        plain = np.mean([frechet_distance(x, reference) for x in sets])
        found = np.mean([frechet_infinity(x, reference, 0).value for x in sets])
        assert plain - 0.16 > 0.15  # the truth is 16 · 0.1²
        assert found == pytest.approx(0.16, abs=0.03)

    def test_line_and_error_agree_with_scipy(self, monkeypatch: pytest.MonkeyPatch) -> None:
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
        assert found.standard_error == pytest.approx(line.intercept_stderr, rel=1e-9)

    def test_needs_five_samples_per_feature(self) -> None:
        y = normal(100, 20, 1)
        frechet_infinity(normal(100, 20, 0), y, 0)
        with pytest.raises(ValueError, match=r"99 samples are too few .*: 20 features take 100"):
            frechet_infinity(normal(99, 20, 0), y, 0)

    def test_seed_decides_the_parts(self) -> None:
        x, y = normal(300, 4, 0), normal(300, 4, 1)
        one, two = (frechet_infinity(x, y, seed) for seed in (1, 2))
        assert one == frechet_infinity(x, y, 1) != two


class TestSlicedWasserstein:
    @pytest.mark.parametrize("k", [4, 64])
    def test_of_a_shift_is_three_times_its_square(self, k: int) -> None:
        x = normal(300, k, 0)
        assert sliced_wasserstein(x, x + 0.7, 0) == pytest.approx(3 * k * 0.49, rel=0.1)

    def test_of_one_feature_is_scipys_square(self) -> None:
        x, y = normal(200, 1, 0), normal(200, 1, 1, mean=3).abs().add(3)
        # All of y lies above x, so the distances of both orders have closed forms.
        found = sliced_wasserstein(x, y, 0) / 3
        gaps = np.sort(y[:, 0].numpy()) - np.sort(x[:, 0].numpy())
        assert gaps.min() > 0
        assert found == pytest.approx(float(np.square(gaps).mean()), rel=1e-5)
        first = wasserstein_distance(x[:, 0].numpy(), y[:, 0].numpy())
        assert found == pytest.approx(first**2 + gaps.var(), rel=1e-5)

    def test_of_scaled_normals_has_a_closed_form(self) -> None:
        x, y = normal(4000, 8, 0), 2 * normal(4000, 8, 1)
        # Every projection goes from deviation 1 to 2: 3 · 8 · (2 - 1)².
        assert sliced_wasserstein(x, y, 0) == pytest.approx(24, rel=0.05)

    def test_of_equal_sets_in_any_order_is_zero(self) -> None:
        x = normal(200, 8, 0)
        assert sliced_wasserstein(x, x.flip(0), 0) == pytest.approx(0.0, abs=1e-12)

    def test_falls_with_the_number_of_perfect_samples(self) -> None:
        values = [sliced_wasserstein(normal(n, 8, 0), normal(n, 8, 1), 0) for n in (50, 500, 5000)]
        for before, after in itertools.pairwise(values):
            assert after < 0.2 * before

    def test_sets_are_cut_to_the_smaller(self) -> None:
        x, y = normal(100, 8, 0), normal(300, 8, 1)
        one, two = (sliced_wasserstein(x, y, seed) for seed in (1, 2))
        assert one == sliced_wasserstein(x, y, 1) != two

    def test_of_a_collapsed_generator_is_three_variances(self) -> None:
        y = normal(2000, 8, 0)
        expected = 3 * float(y.double().square().sum(1).mean())
        assert sliced_wasserstein(torch.zeros(2000, 8), y, 0) == pytest.approx(expected, rel=0.05)

    def test_refuses_values_that_are_not_finite(self) -> None:
        with pytest.raises(ValueError, match="samples are not finite"):
            sliced_wasserstein(torch.full((10, 2), math.nan), normal(10, 2, 0), 0)


class TestVendiScore:
    @pytest.mark.parametrize(("n", "k"), [(300, 20), (20, 300), (50, 50)])
    def test_agrees_with_the_package(self, n: int, k: int) -> None:
        x = normal(n, k, 0).abs()
        expected = vendi.score_dual(x.double().numpy())
        assert vendi_score(x) == pytest.approx(expected, rel=1e-9)

    def test_published_vector(self) -> None:
        # Unit vectors with the cosines [[1, .9, 0], [.9, 1, 0], [0, 0, 1]] of the package's README,
        # each of them twice, which changes nothing.
        x = torch.tensor([[1.0, 0.0, 0.0], [0.9, math.sqrt(0.19), 0.0], [0.0, 0.0, 1.0]])
        assert vendi_score(x.repeat(2, 1)) == pytest.approx(2.1573, abs=1e-4)

    def test_of_equal_images_is_one_and_of_orthogonal_ones_their_number(self) -> None:
        assert vendi_score(torch.ones(30, 5)) == pytest.approx(1.0)
        assert vendi_score(3 * torch.eye(12)) == pytest.approx(12.0)
        assert vendi_score(torch.eye(4).repeat(25, 1)) == pytest.approx(4.0)

    def test_falls_with_dropped_modes(self) -> None:
        modes = torch.eye(8).repeat(20, 1) + 0.1 * normal(160, 8, 0)
        values = [vendi_score(modes[torch.arange(160) % 8 < kept]) for kept in (8, 5, 2)]
        assert values == sorted(values, reverse=True)

    def test_does_not_depend_on_order_or_length(self) -> None:
        x = normal(40, 10, 0)
        lengths = 1 + torch.arange(40.0)[:, None]
        assert vendi_score((lengths * x).flip(0)) == pytest.approx(vendi_score(x), rel=1e-5)

    def test_refuses_features_without_direction(self) -> None:
        x = normal(10, 4, 0)
        x[3] = 0
        with pytest.raises(ValueError, match="1 images are all 0"):
            vendi_score(x)


class TestCells:
    def test_number_of_cells(self) -> None:
        assert number_of_cells(100, 5000) == 2
        assert number_of_cells(2000, 1437) == 28
        assert number_of_cells(50_000, 60_000) == 100
        with pytest.raises(ValueError, match="99 images are too few for cells of 50"):
            number_of_cells(5000, 99)

    def test_counts_find_the_modes(self) -> None:
        modes = 10 * torch.eye(4).repeat(50, 1) + 0.1 * normal(200, 4, 0)
        found = centres(modes, 4, 0)
        assert sorted(cell_counts(modes, found).tolist()) == [50] * 4
        one = cell_counts(modes[torch.arange(200) % 4 == 2], found)
        assert sorted(one.tolist()) == [0, 0, 0, 50]

    def test_different_cells_agree_with_statsmodels(self) -> None:
        rng = np.random.default_rng(0)
        a, b = rng.integers(20, 80, 30), rng.integers(60, 120, 30)
        p = [proportions_ztest([i, j], [a.sum(), b.sum()])[1] for i, j in zip(a, b, strict=True)]
        found = different_cells(torch.from_numpy(a), torch.from_numpy(b))
        assert found == pytest.approx(np.mean(np.array(p) < 0.05))
        assert 0 < found < 1

    def test_jensen_shannon_agrees_with_scipy(self) -> None:
        a, b = torch.tensor([10, 0, 5, 85]), torch.tensor([50, 30, 0, 120])
        expected = jensenshannon(a.numpy(), b.numpy()) ** 2
        assert jensen_shannon(a, b) == pytest.approx(expected, rel=1e-9)

    def test_of_equal_and_of_disjoint_counts(self) -> None:
        a, b = torch.tensor([50, 50, 0, 0]), torch.tensor([0, 0, 70, 30])
        assert jensen_shannon(a, 3 * a) == 0.0
        assert jensen_shannon(a, b) == pytest.approx(math.log(2))
        assert different_cells(a, 3 * a) == 0.0
        assert different_cells(a, b) == 1.0

    def test_perfect_samples_are_at_level_and_floor(self) -> None:
        level, divergence = [], []
        for seed in range(40):
            y = normal(1500, 4, 100 + seed)
            found = centres(y, 30, 0)
            counts = [cell_counts(points, found) for points in (normal(2000, 4, seed), y)]
            level.append(different_cells(*counts))
            divergence.append(jensen_shannon(*counts))
        assert np.mean(level) == pytest.approx(0.05, abs=0.03)
        floor = jensen_shannon_floor(30, 2000, 1500)
        assert np.mean(divergence) == pytest.approx(floor, rel=0.2)

    def test_grow_with_dropped_modes(self) -> None:
        y = 5 * torch.eye(10).repeat(200, 1) + normal(2000, 10, 0)
        found, labels = centres(y, 20, 0), torch.arange(1000) % 10
        x = 5 * torch.eye(10)[labels] + normal(1000, 10, 1)
        reference = cell_counts(y, found)
        values = [
            (different_cells(counts, reference), jensen_shannon(counts, reference))
            for counts in (cell_counts(x[labels < kept], found) for kept in (10, 8, 5, 2))
        ]
        for before, after in itertools.pairwise(values):
            assert before[0] < after[0]
            assert before[1] < after[1]

    def test_seed_decides_the_cells(self) -> None:
        y = normal(500, 4, 0)
        assert torch.equal(centres(y, 8, 1), centres(y, 8, 1))
        assert not torch.equal(centres(y, 8, 1), centres(y, 8, 2))

    def test_fewer_points_than_cells_leave_some_empty(self) -> None:
        y = torch.eye(4).repeat(50, 1)
        counts = cell_counts(y, centres(y, 10, 0))
        assert counts.sum() == 200
        assert 0 <= different_cells(counts, counts) <= jensen_shannon(counts, counts) == 0

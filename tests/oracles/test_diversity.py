"""Balls around neighbours, copies, and kernels over all pairs: libraries and simulations."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from prdc import compute_prdc
from scipy.spatial.distance import cdist
from torch import Tensor
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from ogan_bench.evaluation.fidelity import kernel as kernel_module
from ogan_bench.evaluation.fidelity import manifolds as neighbours_module
from ogan_bench.evaluation.fidelity.kernel import (
    cmmd,
    cubic,
    exact_kernel_distance,
    gaussian,
    sums_across,
    sums_within,
)
from ogan_bench.evaluation.fidelity.manifolds import (
    Manifolds,
    authenticity,
    expected_coverage,
    manifolds,
    nearest,
)


def normal(n: int, k: int, seed: int, mean: float = 0.0) -> Tensor:
    return torch.randn(n, k, generator=torch.Generator().manual_seed(seed)).add(mean)


class TestManifolds:
    @pytest.mark.parametrize(("n", "k"), [(400, 6), (150, 40)])
    def test_agree_with_prdc(self, n: int, k: int) -> None:
        x, y = normal(n, k, 0), normal(n, k, 1, mean=0.5)
        found = manifolds(x, y, seed=0)
        three, five = (compute_prdc(y.numpy(), x.numpy(), nearest_k=i) for i in (3, 5))
        assert found.points == n
        assert found.precision == pytest.approx(three["precision"], abs=1e-6)
        assert found.recall == pytest.approx(three["recall"], abs=1e-6)
        assert found.density == pytest.approx(five["density"], rel=1e-9)
        assert found.coverage == pytest.approx(five["coverage"], abs=1e-6)

    def test_are_torch_fidelitys_to_the_last_bit(self) -> None:
        x, y = normal(500, 16, 0), normal(500, 16, 1, mean=0.3)
        library = prc_features_to_metric(
            x, y, prc_neighborhood=3, prc_batch_size=2500, save_cpu_ram=True, verbose=False
        )
        found = manifolds(x, y, seed=0)
        assert found.precision == library["precision"]
        assert found.recall == library["recall"]

    def test_of_equal_sets_are_perfect(self) -> None:
        x = normal(200, 6, 0)
        found = manifolds(x, x.clone(), seed=0)
        # Every ball holds its centre and five more, the last of them on its very surface, where
        # rounding decides.
        assert found.density == pytest.approx(1.2, abs=0.02)
        assert found == Manifolds(1.0, 1.0, found.density, 1.0, 200)

    def test_of_disjoint_sets_are_zero(self) -> None:
        found = manifolds(normal(100, 6, 0), normal(100, 6, 1, 50.0), 0)
        assert found == Manifolds(0.0, 0.0, 0.0, 0.0, 100)

    def test_of_a_collapsed_generator_are_precise_and_cover_little(self) -> None:
        found = manifolds(0.05 * normal(800, 4, 1), normal(800, 4, 0), seed=0)
        assert found.precision > 0.8
        assert found.density > 0.8
        assert found.recall < 0.1
        assert found.coverage < 0.3

    def test_of_perfect_samples_are_as_expected(self) -> None:
        found = [manifolds(normal(600, 4, s), normal(600, 4, 100 + s), 0) for s in range(8)]
        assert np.mean([f.density for f in found]) == pytest.approx(1.0, abs=0.03)
        coverage = np.mean([f.coverage for f in found])
        assert coverage == pytest.approx(expected_coverage(600, 600), abs=0.01)

    @pytest.mark.parametrize(("n", "m", "k"), [(4000, 4000, 5), (300, 100, 3), (50, 200, 1)])
    def test_expected_coverage_is_that_of_ranks(self, n: int, m: int, k: int) -> None:
        # A ball is empty where the k nearest of m - 1 others come before the first of n samples.
        others = m - 1
        expected = 1 - math.comb(others, k) / math.comb(others + n, k)
        assert expected_coverage(n, m, k) == pytest.approx(expected, rel=1e-9)

    def test_density_and_coverage_fall_with_distance(self) -> None:
        y = normal(500, 6, 0)
        found = [manifolds(normal(500, 6, 1, shift), y, 0) for shift in (0.0, 0.5, 1.0, 2.0)]
        for before, after in itertools.pairwise(found):
            assert before.density > after.density
            assert before.coverage > after.coverage

    def test_both_sets_are_cut_to_the_smaller(self) -> None:
        x, y = normal(300, 4, 0), normal(500, 4, 1)
        assert manifolds(x, y, 0).points == 300
        assert manifolds(x, y, 1) == manifolds(x, y, 1) != manifolds(x, y, 2)

    def test_do_not_depend_on_the_size_of_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        x, y = normal(300, 6, 0), normal(300, 6, 1)
        whole = manifolds(x, y, 0)
        monkeypatch.setattr(neighbours_module, "BLOCK", 70)
        assert manifolds(x, y, 0) == whole

    def test_need_more_points_than_neighbours(self) -> None:
        with pytest.raises(ValueError, match="5 points are too few for 5 neighbours"):
            manifolds(normal(5, 3, 0), normal(100, 3, 1), 0)


class TestAuthenticity:
    def test_agrees_with_its_definition(self) -> None:
        x, y = normal(120, 5, 0, mean=0.2), normal(150, 5, 1)
        between, within = cdist(x.numpy(), y.numpy()), cdist(y.numpy(), y.numpy())
        np.fill_diagonal(within, math.inf)
        chosen = between.argmin(1)
        found = authenticity(x, y)
        assert found.indices.tolist() == chosen.tolist()
        assert found.share == (between.min(1) > within[chosen].min(1)).mean()
        closeness = between.min(1) / within[chosen].min(1)
        assert found.closeness.numpy() == pytest.approx(closeness, rel=1e-5)

    def test_held_out_images_agree_with_their_definition(self) -> None:
        y = normal(80, 3, 1)
        expected = [
            authenticity(y[i : i + 1].expand(4, -1), torch.cat([y[:i], y[i + 1 :]])).share
            for i in range(80)
        ]
        assert authenticity(y, y).held_out == pytest.approx(np.mean(expected), abs=1e-12)

    @pytest.mark.parametrize("k", [1, 3, 32])
    def test_held_out_images_are_like_perfect_samples(self, k: int) -> None:
        found = [authenticity(normal(1000, k, s), normal(1000, k, 50 + s)) for s in range(6)]
        shares, held_out = ([getattr(f, a) for f in found] for a in ("share", "held_out"))
        assert np.mean(shares) == pytest.approx(np.mean(held_out), abs=0.02)

    def test_on_a_line_two_of_three_neighbours_are_mutual(self) -> None:
        even = torch.rand(3000, 1, generator=torch.Generator().manual_seed(0))
        assert authenticity(even[:100], even).held_out == pytest.approx(1 / 3, abs=0.03)

    def test_copies_are_not_authentic(self) -> None:
        y = normal(300, 6, 0)
        copies = y[:100] + 1e-3 * normal(100, 6, 1)
        found = authenticity(copies, y)
        assert found.share == 0.0
        assert found.indices.tolist() == list(range(100))
        assert float(found.closeness.max()) < 0.1
        assert authenticity(y[:50], y).share == 0.0

    def test_copies_of_doubled_images_are_found_too(self) -> None:
        y = normal(50, 6, 0)
        found = authenticity(y[:20], y.repeat(2, 1))
        assert found.share == 0.0
        assert bool((found.closeness == 0).all())

    def test_of_far_samples_is_one(self) -> None:
        assert authenticity(normal(100, 6, 0, 50.0), normal(300, 6, 1)).share == 1.0

    def test_known_neighbours_are_taken(self) -> None:
        x, y = normal(100, 4, 0), normal(200, 4, 1)
        one, other = authenticity(x, y), authenticity(x, y, nearest(y))
        assert (one.share, one.held_out) == (other.share, other.held_out)

    def test_does_not_depend_on_blocks_nor_on_order(self, monkeypatch: pytest.MonkeyPatch) -> None:
        x, y = normal(100, 4, 0), normal(200, 4, 1)
        one = authenticity(x, y)
        monkeypatch.setattr(neighbours_module, "MAX_DISTANCES", 3000)
        other = authenticity(x.flip(0), y.flip(0))
        assert (one.share, one.held_out) == (other.share, other.held_out)


class TestKernelSums:
    @pytest.mark.parametrize("kernel", [cubic, gaussian])
    def test_blocks_add_up(
        self, kernel: kernel_module.Kernel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        x, y = normal(53, 7, 0).double(), normal(40, 7, 1).double()
        whole, across = kernel(x, x), kernel(x, y)
        monkeypatch.setattr(kernel_module, "BLOCK", 16)
        expected = whole.sum(1) - whole.diagonal()
        assert torch.allclose(sums_within(x, kernel), expected, rtol=1e-12)
        of_x, of_y = sums_across(x, y, kernel)
        assert torch.allclose(of_x, across.sum(1), rtol=1e-12)
        assert torch.allclose(of_y, across.sum(0), rtol=1e-12)

    def test_kernels_are_their_formulas(self) -> None:
        x, y = normal(5, 3, 0).double(), normal(4, 3, 1).double()
        pairs = [[(a, b) for b in y] for a in x]
        cubes = torch.tensor([[float(a @ b / 3 + 1) ** 3 for a, b in row] for row in pairs])
        bells = torch.tensor([[math.exp(-float((a - b).square().sum()) / 200) for a, b in row]
                              for row in pairs])  # fmt: skip
        assert torch.allclose(cubic(x, y).float(), cubes)
        assert torch.allclose(gaussian(x, y).float(), bells)


class TestExactKernelDistance:
    def test_is_torch_fidelitys_over_one_whole_subset(self) -> None:
        x, y = normal(300, 16, 0).double(), normal(300, 16, 1, mean=0.4).double()
        library = kid_features_to_metric(
            x, y, kid_subsets=1, kid_subset_size=300, rng_seed=0, verbose=False
        )
        expected = library["kernel_inception_distance_mean"]
        assert exact_kernel_distance(x, y).value == pytest.approx(expected, rel=1e-9)

    def test_expectation_for_shifted_normals(self) -> None:
        found = exact_kernel_distance(normal(4000, 64, 0), normal(3000, 64, 1, mean=0.5))
        assert found.value == pytest.approx(0.9710693359375, abs=4 * found.standard_error)
        assert 0.002 < found.standard_error < 0.03

    def test_standard_error_is_the_jackknife_written_out(self) -> None:
        x, y = normal(12, 3, 0).double(), normal(9, 3, 1, mean=0.5).double()

        def value(x: Tensor, y: Tensor) -> float:
            return exact_kernel_distance(x, y).value

        without_x = [value(torch.cat([x[:i], x[i + 1 :]]), y) for i in range(12)]
        without_y = [value(x, torch.cat([y[:i], y[i + 1 :]])) for i in range(9)]
        variance = 11 * np.var(without_x) + 8 * np.var(without_y)
        assert exact_kernel_distance(x, y).standard_error == pytest.approx(math.sqrt(variance))

    @pytest.mark.parametrize(
        ("n", "m", "k", "mean", "truth"),
        [
            (100, 80, 64, 0.5, 0.9710693359375),
            (60, 200, 64, 0.5, 0.9710693359375),
            (100, 80, 8, 0.0, 0.0),
        ],
    )
    def test_two_standard_errors_cover_the_truth(
        self, n: int, m: int, k: int, mean: float, truth: float
    ) -> None:
        found = [exact_kernel_distance(normal(n, k, 2 * s), normal(m, k, 2 * s + 1, mean))
                 for s in range(200)]  # fmt: skip
        values = np.array([f.value for f in found])
        errors = np.array([f.standard_error for f in found])
        assert (np.abs(values - truth) < 2 * errors).mean() > 0.9
        # It is honest where the distributions differ, and too large by a half where they do not.
        ratio = math.sqrt(np.square(errors).mean()) / values.std()
        assert 0.85 < ratio < (1.2 if mean else 1.7)
        assert abs(values.mean() - truth) < 4 * values.std() / math.sqrt(200)

    def test_known_sums_are_taken(self) -> None:
        x, y = normal(50, 4, 0), normal(70, 4, 1)
        assert exact_kernel_distance(x, y, sums_within(y, cubic)) == exact_kernel_distance(x, y)

    def test_does_not_depend_on_order(self) -> None:
        x, y = normal(50, 4, 0), normal(70, 4, 1)
        turned = exact_kernel_distance(x.flip(0), y.flip(0))
        assert turned.value == pytest.approx(exact_kernel_distance(x, y).value, rel=1e-9)

    def test_of_a_collapsed_generator_is_large(self) -> None:
        y = normal(200, 8, 0)
        collapsed = torch.full((100, 8), 2.0)
        perfect = exact_kernel_distance(normal(100, 8, 1), y)
        assert exact_kernel_distance(collapsed, y).value > 20 * perfect.standard_error


class TestCMMD:
    def test_is_torch_fidelitys_kernel_as_a_v_statistic(self) -> None:
        x, y = (torch.nn.functional.normalize(normal(100, 8, s).double()) for s in (0, 1))

        def kernel(a: Tensor, b: Tensor) -> Tensor:
            return torch.exp(-torch.cdist(a, b).square() / 200)

        expected = 1000 * float(kernel(x, x).mean() + kernel(y, y).mean() - 2 * kernel(x, y).mean())
        assert cmmd(x, y)[0] == pytest.approx(expected, rel=1e-6)
        unbiased = kid_features_to_metric(
            x, y, kid_subsets=1, kid_subset_size=100, kid_kernel="rbf", rng_seed=0, verbose=False
        )["kernel_inception_distance_mean"]
        bias = 1000 * (2 - sum(float((kernel(t, t).sum() - 100) / 9900) for t in (x, y))) / 100
        assert cmmd(x, y)[0] == pytest.approx(1000 * unbiased + bias, rel=1e-6)

    def test_of_perfect_samples_is_at_its_floor(self) -> None:
        found = [cmmd(normal(80, 8, 2 * s), normal(120, 8, 2 * s + 1)) for s in range(60)]
        assert np.mean([value for value, _ in found]) == pytest.approx(
            np.mean([floor for _, floor in found]), rel=0.1
        )

    def test_sees_directions_alone(self) -> None:
        x, y = normal(100, 8, 0), normal(100, 8, 1, mean=0.5)
        assert cmmd(7 * x, y)[0] == pytest.approx(cmmd(x, y)[0], rel=1e-6)

    def test_of_equal_sets_is_zero_and_grows_with_distance(self) -> None:
        x, y = normal(200, 8, 0), normal(200, 8, 1)
        assert cmmd(x, x.clone())[0] == pytest.approx(0.0, abs=1e-9)
        values = [cmmd(x, y + shift)[0] for shift in (0.0, 0.3, 0.6, 1.2)]
        assert values == sorted(values)

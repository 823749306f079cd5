"""Kernels over all pairs of two sets: sums, distances and CMMD against direct computations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch_fidelity.metric_kid import kid_features_to_metric

from ogan_bench.evaluation.fidelity.kernel import (
    BLOCK,
    Kernel,
    cmmd,
    cubic,
    exact_kernel_distance,
    gaussian,
    sums_across,
    sums_within,
)
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


class TestKernelSums:
    @pytest.mark.parametrize(("kernel", "k"), [(cubic, 7), (cubic, 40), (gaussian, 7)])
    def test_blocks_add_up(self, kernel: Kernel, k: int) -> None:
        """For 7 dimensions the cubic kernel's sums come from the bracket, for 40 from pairs."""
        x, y = normal(2 * BLOCK + 53, k, 0).double(), normal(BLOCK + 40, k, 1).double()
        whole, across = kernel(x, x), kernel(x, y)
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
        assert found.value == pytest.approx(0.9710693359375, abs=0.04)
        assert found.standard_error == pytest.approx(0.006, rel=0.2)

    @pytest.mark.parametrize(("k", "mean"), [(64, 0.5), (8, 0.5), (8, 0.0)])
    def test_standard_error_is_that_of_the_samples(self, k: int, mean: float) -> None:
        reference = normal(80, k, 1000, mean)
        found = [exact_kernel_distance(normal(100, k, s), reference) for s in range(100)]
        errors = [f.standard_error or 0 for f in found]
        # Where the distributions are equal, the first order vanishes: up to √2 too large.
        assert_about_the_spread([f.value for f in found], errors, most=1.3 if mean else 1.6)

    def test_is_unbiased(self) -> None:
        found = [exact_kernel_distance(normal(100, 64, 2 * s), normal(80, 64, 2 * s + 1, 0.5))
                 for s in range(100)]  # fmt: skip
        values = np.array([f.value for f in found])
        assert abs(values.mean() - 0.9710693359375) < 4 * values.std() / 10

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
        assert exact_kernel_distance(collapsed, y).value > 20 * (perfect.standard_error or 1)


class TestCMMD:
    def test_is_torch_fidelitys_kernel_as_a_v_statistic(self) -> None:
        x, y = (torch.nn.functional.normalize(normal(100, 8, s).double()) for s in (0, 1))

        def kernel(a: Tensor, b: Tensor) -> Tensor:
            return torch.exp(-torch.cdist(a, b).square() / 200)

        expected = 1000 * float(kernel(x, x).mean() + kernel(y, y).mean() - 2 * kernel(x, y).mean())
        assert cmmd(x, y)[0].value == pytest.approx(expected, rel=1e-6)
        unbiased = kid_features_to_metric(
            x, y, kid_subsets=1, kid_subset_size=100, kid_kernel="rbf", rng_seed=0, verbose=False
        )["kernel_inception_distance_mean"]
        bias = 1000 * (2 - sum(float((kernel(t, t).sum() - 100) / 9900) for t in (x, y))) / 100
        assert cmmd(x, y)[0].value == pytest.approx(1000 * unbiased + bias, rel=1e-6)

    def test_of_perfect_samples_is_at_its_floor(self) -> None:
        found = [cmmd(normal(80, 8, 2 * s), normal(120, 8, 2 * s + 1)) for s in range(60)]
        assert np.mean([distance.value for distance, _ in found]) == pytest.approx(
            np.mean([floor for _, floor in found]), rel=0.1
        )

    def test_sees_directions_alone(self) -> None:
        x, y = normal(100, 8, 0), normal(100, 8, 1, mean=0.5)
        assert cmmd(7 * x, y)[0].value == pytest.approx(cmmd(x, y)[0].value, rel=1e-6)

    def test_of_equal_sets_is_zero_and_grows_with_distance(self) -> None:
        x, y = normal(200, 8, 0), normal(200, 8, 1)
        assert cmmd(x, x.clone())[0].value == pytest.approx(0.0, abs=1e-9)
        values = [cmmd(x, y + shift)[0].value for shift in (0.0, 0.3, 0.6, 1.2)]
        assert values == sorted(values)

"""Cells of k-means: how many differ, and the divergence of their shares."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from statsmodels.stats.proportion import proportions_ztest
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.kmeans_bins import (
    cell_counts,
    centres,
    different_cells,
    jensen_shannon,
    jensen_shannon_floor,
    number_of_cells,
)
from ogan_bench.evaluation.standard_error import Estimate
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


class TestCells:
    def test_number_of_cells(self) -> None:
        assert number_of_cells(100, 5000) == 2
        assert number_of_cells(2000, 1437) == 28
        assert number_of_cells(50_000, 60_000) == 100
        with pytest.raises(NoValueError, match="99 images are too few for cells of 50"):
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
        found = different_cells(torch.from_numpy(a), torch.from_numpy(b)).value
        assert found == pytest.approx(np.mean(np.array(p) < 0.05))
        assert 0 < found < 1

    def test_jensen_shannon_agrees_with_scipy(self) -> None:
        a, b = torch.tensor([10, 0, 5, 85]), torch.tensor([50, 30, 0, 120])
        expected = jensenshannon(a.numpy(), b.numpy()) ** 2
        assert jensen_shannon(a, b).value == pytest.approx(expected, rel=1e-9)

    def test_of_equal_and_of_disjoint_counts(self) -> None:
        a, b = torch.tensor([50, 50, 0, 0]), torch.tensor([0, 0, 70, 30])
        assert jensen_shannon(a, 3 * a).value == 0.0
        assert jensen_shannon(a, b).value == pytest.approx(math.log(2))
        assert different_cells(a, 3 * a).value == 0.0
        assert different_cells(a, b).value == 1.0

    def test_perfect_samples_are_at_level_and_floor(self) -> None:
        level, divergence = [], []
        for seed in range(40):
            y = normal(1500, 4, 100 + seed)
            found = centres(y, 30, 0)
            counts = [cell_counts(points, found) for points in (normal(2000, 4, seed), y)]
            level.append(different_cells(*counts).value)
            divergence.append(jensen_shannon(*counts).value)
        assert np.mean(level) == pytest.approx(0.05, abs=0.03)
        floor = jensen_shannon_floor(30, 2000, 1500)
        assert np.mean(divergence) == pytest.approx(floor, rel=0.2)

    @pytest.mark.parametrize("mean", [0.0, 0.3])
    @pytest.mark.parametrize("quantity", [different_cells, jensen_shannon])
    def test_errors_are_about_the_spread(
        self, quantity: Callable[[Tensor, Tensor], Estimate], mean: float
    ) -> None:
        y = normal(1500, 4, 999)
        cells = centres(y, 20, 0)
        reference = cell_counts(y, cells)
        found = [quantity(cell_counts(normal(1000, 4, s, mean), cells), reference)
                 for s in range(60)]  # fmt: skip
        assert_about_the_spread([f.value for f in found], [f.standard_error or 0 for f in found])

    def test_grow_with_dropped_modes(self) -> None:
        y = 5 * torch.eye(10).repeat(200, 1) + normal(2000, 10, 0)
        found, labels = centres(y, 20, 0), torch.arange(1000) % 10
        x = 5 * torch.eye(10)[labels] + normal(1000, 10, 1)
        reference = cell_counts(y, found)
        values = [
            (different_cells(counts, reference).value, jensen_shannon(counts, reference).value)
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
        assert (
            0 <= different_cells(counts, counts).value <= jensen_shannon(counts, counts).value == 0
        )

"""C_T: the library's test in one cell, copies, new samples and poor ones in several."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.data_copying import (
    Distances,
    data_copying,
    mann_whitney_z,
)
from ogan_bench.evaluation.fidelity.reference import Reference
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread

CPU = torch.device("cpu")


class TestMannWhitney:
    @pytest.mark.parametrize("ties", [False, True])
    def test_equals_the_library(self, ties: bool) -> None:
        x, y = normal(40, 1, 0, 0.3)[:, 0].double(), normal(60, 1, 1)[:, 0].double()
        if ties:
            x, y = x.mul(2).round(), y.mul(2).round()
        found = mannwhitneyu(x.numpy(), y.numpy(), method="asymptotic", use_continuity=False)
        z = mann_whitney_z(x, y).value
        assert math.erfc(abs(z) / 2**0.5) == pytest.approx(found.pvalue, rel=1e-9)
        assert np.sign(z) == np.sign(found.statistic - 40 * 60 / 2)

    def test_closed_forms(self) -> None:
        low, high = torch.arange(20.0), torch.arange(30.0) + 100
        extreme = (20 * 30 / 2) / (20 * 30 * 51 / 12) ** 0.5
        assert mann_whitney_z(low, high).value == pytest.approx(-extreme)
        assert mann_whitney_z(high, low).value == pytest.approx(extreme)
        assert mann_whitney_z(torch.ones(20), torch.ones(30)).value == 0.0

    def test_error_is_about_the_spread_with_the_test_images_fixed(self) -> None:
        y = normal(100, 1, 999)[:, 0]
        found = [mann_whitney_z(normal(80, 1, s, 0.5)[:, 0], y) for s in range(100)]
        assert_about_the_spread([f.value for f in found], [f.standard_error or 0 for f in found])


class TestDataCopying:
    def test_is_the_mean_over_large_cells_by_their_test_images(self) -> None:
        cells = torch.tensor([0] * 30 + [1] * 50 + [2] * 10)
        x, y = normal(90, 1, 0)[:, 0], normal(90, 1, 1)[:, 0]
        swapped = torch.tensor([0] * 50 + [1] * 30 + [2] * 10)
        found = data_copying(Distances(x, cells), Distances(y, swapped), 3)
        each = [mann_whitney_z(x[cells == c], y[swapped == c]).value for c in (0, 1)]
        assert found.statistic.value == pytest.approx((50 * each[0] + 30 * each[1]) / 80)
        assert found.deviation == pytest.approx((50**2 + 30**2) ** 0.5 / 80)
        assert found.cells == 2

    def test_small_cells_are_no_basis(self) -> None:
        few = Distances(torch.rand(19), torch.zeros(19, dtype=torch.long))
        with pytest.raises(NoValueError, match="19 samples and 19 test images are too few"):
            data_copying(few, few, 1)


def compared(samples: Tensor, training: Tensor, test: Tensor) -> Comparison:
    return Comparison(samples, Reference(training, CPU), 0, test_features=lambda: test)


@pytest.mark.usefixtures("own_cache")
class TestOfSamples:
    def test_new_ones_have_the_null_deviation(self) -> None:
        found = [
            compared(normal(400, 5, 3 * s), normal(400, 5, 3 * s + 1), normal(400, 5, 3 * s + 2))
            for s in range(30)
        ]
        z = np.array([c.copying.statistic.value / c.copying.deviation for c in found])
        assert abs(z.mean()) < 4 / 30**0.5
        assert 0.6 < z.std() < 1.5

    def test_copies_are_strongly_negative_and_poor_ones_positive(self) -> None:
        training, test = normal(500, 5, 0), normal(500, 5, 1)
        assert compared(training, training, test).copying.statistic.value < -5
        half = torch.cat([training[:250], normal(250, 5, 2)])
        assert compared(half, training, test).copying.statistic.value < -2
        noisy = training + 0.05 * normal(500, 5, 3)
        assert compared(noisy, training, test).copying.statistic.value < -5
        assert compared(2 * normal(500, 5, 4), training, test).copying.statistic.value > 3

    def test_only_images_trained_on_are_copied(self) -> None:
        every, test = normal(800, 5, 0), normal(400, 5, 1)
        seen = torch.arange(400, 800)
        of_unseen = Comparison(every[:400], Reference(every, CPU), 0, seen, lambda: test)
        of_seen = Comparison(every[400:], Reference(every, CPU), 0, seen, lambda: test)
        assert abs(of_unseen.copying.statistic.value) < 3 * of_unseen.copying.deviation
        assert of_seen.copying.statistic.value < -5

    def test_without_test_images_there_is_none(self) -> None:
        reference = Reference(normal(300, 5, 0), CPU)
        with pytest.raises(NoValueError, match="no test images"):
            _ = Comparison(normal(300, 5, 1), reference, 0).copying

"""Standard errors of means of dependent values, by their sums written out and by simulation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ogan_bench.evaluation.standard_error import of_mean, of_pairs
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_is_the_spread


def pairs_of(images: int, n: int, seed: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    first = torch.randint(images, (n,), generator=random)
    return first, (first + torch.randint(1, images, (n,), generator=random)) % images


class TestPairs:
    @pytest.mark.parametrize(("images", "n"), [(200, 40), (60, 300)])
    def test_is_the_sum_over_pairs_with_a_common_image(self, images: int, n: int) -> None:
        first, second = pairs_of(images, n, 0)
        of = normal(images, 1, 1)[:, 0]
        each = of[first] + of[second] + 0.1 * normal(n, 1, 2)[:, 0]
        ends = [{int(a), int(b)} for a, b in zip(first, second, strict=True)]
        deviations = (each.double() - each.double().mean()).tolist()
        shared = [(p, q) for p in range(n) for q in range(n) if ends[p] & ends[q]]
        total = sum(deviations[p] * deviations[q] for p, q in shared)
        expected = (total / (n**2 - len(shared))) ** 0.5
        expected = max(expected, of_mean(each) or 0)
        assert of_pairs(each, first, second) == pytest.approx(expected, rel=1e-9)

    def test_of_pairs_without_a_common_image_is_that_of_independent_values(self) -> None:
        each = normal(20, 1, 0)[:, 0]
        found = of_pairs(each, torch.arange(20), torch.arange(20) + 20)
        assert found == pytest.approx(of_mean(each))

    def test_of_a_few_images_or_one_pair_is_unknown(self) -> None:
        for images, n in ((10, 200), (2, 50), (40, 1)):
            assert of_pairs(normal(n, 1, 0)[:, 0], *pairs_of(images, n, 1)) is None

    def test_is_the_spread_where_that_of_independent_values_is_half_of_it(self) -> None:
        """What is drawn anew are images and pairs; each value is a sum over both images."""
        values, errors, alone = [], [], []
        for seed in range(200):
            first, second = pairs_of(100, 400, 2 * seed)
            of = normal(100, 1, 2 * seed + 1)[:, 0]
            each = of[first] + of[second]
            values.append(float(each.mean()))
            errors.append(of_pairs(each, first, second) or 0)
            alone.append(of_mean(each) or 0)
        assert_is_the_spread(values, errors)
        with pytest.raises(AssertionError):
            assert_is_the_spread(values, alone)

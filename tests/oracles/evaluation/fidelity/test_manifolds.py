"""Balls around neighbours, and copies of training images: libraries and simulations."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math

import numpy as np
import pytest
import torch
from prdc import compute_prdc
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist
from torch_fidelity.metric_prc import prc_features_to_metric

from ogan_bench.data.sources.digits import digits
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.manifolds import (
    BLOCK,
    Manifolds,
    authenticity,
    expected_coverage,
    manifolds,
    nearest,
)
from ogan_bench.evaluation.standard_error import Estimate
from ogan_bench.metrics import METRICS
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread

QUANTITIES = [field.name for field in dataclasses.fields(Manifolds) if field.name != "points"]


@functools.cache
def spread(good: float) -> list[Manifolds]:
    """Repeated draws of samples against one reference."""
    reference = normal(400, 8, 999)
    found = []
    for s in range(40):
        bad = torch.rand(400, 1, generator=torch.Generator().manual_seed(s)) >= good
        found.append(manifolds(normal(400, 8, s, 0.4 * good) + 50 * bad, reference, 0))
    return found


class TestManifolds:
    @pytest.mark.parametrize(("n", "k"), [(400, 6), (150, 40), (BLOCK + 70, 6)])
    def test_agree_with_prdc(self, n: int, k: int) -> None:
        x, y = normal(n, k, 0), normal(n, k, 1, mean=0.5)
        found = manifolds(x, y, seed=0)
        three, five = (compute_prdc(y.numpy(), x.numpy(), nearest_k=i) for i in (3, 5))
        assert found.points == n
        assert found.precision.value == pytest.approx(three["precision"], abs=1e-6)
        assert found.recall.value == pytest.approx(three["recall"], abs=1e-6)
        assert found.density.value == pytest.approx(five["density"], rel=1e-9)
        assert found.coverage.value == pytest.approx(five["coverage"], abs=1e-6)

    def test_are_torch_fidelitys_to_the_last_bit(self) -> None:
        x, y = normal(500, 16, 0), normal(500, 16, 1, mean=0.3)
        library = prc_features_to_metric(
            x, y, prc_neighborhood=3, prc_batch_size=2500, save_cpu_ram=True, verbose=False
        )
        found = manifolds(x, y, seed=0)
        assert found.precision.value == library["precision"]
        assert found.recall.value == library["recall"]

    def test_of_equal_sets_are_perfect(self) -> None:
        x = normal(200, 6, 0)
        found = manifolds(x, x.clone(), seed=0)
        # Every ball holds its centre and five more, the last of them on its very surface, where
        # rounding decides.
        assert found.density.value == pytest.approx(1.2, abs=0.02)
        for quantity in ("precision", "recall", "coverage", "clipped_density", "clipped_coverage"):
            assert getattr(found, quantity).value == 1.0

    def test_of_disjoint_sets_are_zero(self) -> None:
        found = manifolds(normal(100, 6, 0), normal(100, 6, 1, 50.0), 0)
        for quantity in QUANTITIES:
            assert getattr(found, quantity) == Estimate(0.0, 0.0)

    def test_of_a_collapsed_generator_are_precise_and_cover_little(self) -> None:
        found = manifolds(0.05 * normal(800, 4, 1), normal(800, 4, 0), seed=0)
        assert found.precision.value > 0.8
        assert found.density.value > 0.8
        assert found.recall.value < 0.1
        assert found.coverage.value < 0.3

    def test_of_constant_images_rise_but_for_the_clipped(self) -> None:
        """Images in the middle of all others: the worst samples have the best precision."""
        y = normal(600, 16, 0)
        perfect, constant = (manifolds(x, y, 0) for x in (normal(600, 16, 1), torch.zeros(600, 16)))
        assert constant.precision.value == 1.0 > perfect.precision.value
        assert constant.density.value > 5 * perfect.density.value
        assert constant.clipped_density.value <= 1.0
        assert constant.clipped_coverage.value < 0.2 < perfect.clipped_coverage.value

    def test_of_blurred_images_rise_as_their_definitions_warn(self) -> None:
        """Slightly blurred digits lie further inside, and reach less of the others."""
        images = digits().train.images
        blurred = gaussian_filter(images[700:1400].double().numpy(), (0, 0, 0.7, 0.7)).round()
        real, test, moved = (
            of.flatten(1).float()
            for of in (images[:700], images[700:1400], torch.from_numpy(blurred))
        )
        untouched, found = (manifolds(x, real, 0) for x in (test, moved))
        assert found.recall.value < untouched.recall.value - 0.2
        for quantity in ("precision", "density"):
            rise = getattr(found, quantity).value - getattr(untouched, quantity).value
            assert rise > 0.08, quantity
            assert "blur" in METRICS[f"{quantity}_classifier"].definition
        assert found.clipped_density.value <= 1.0

    @pytest.mark.parametrize("quantity", QUANTITIES)
    @pytest.mark.parametrize("good", [1.0, 0.5])
    def test_errors_are_about_the_spread(self, quantity: str, good: float) -> None:
        """Of half the samples good, the others far away; and of samples off by a shift."""
        estimates = [getattr(f, quantity) for f in spread(good)]
        errors = [e.standard_error for e in estimates]
        assert_about_the_spread([e.value for e in estimates], errors, most=1.9)

    def test_of_perfect_samples_are_as_expected(self) -> None:
        found = [manifolds(normal(600, 4, s), normal(600, 4, 100 + s), 0) for s in range(8)]
        assert np.mean([f.density.value for f in found]) == pytest.approx(1.0, abs=0.03)
        coverage = np.mean([f.coverage.value for f in found])
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
            assert before.density.value > after.density.value
            assert before.coverage.value > after.coverage.value

    def test_both_sets_are_cut_to_the_smaller(self) -> None:
        x, y = normal(300, 4, 0), normal(500, 4, 1)
        assert manifolds(x, y, 0).points == 300
        assert manifolds(x, y, 1) == manifolds(x, y, 1) != manifolds(x, y, 2)

    def test_need_more_points_than_neighbours(self) -> None:
        with pytest.raises(NoValueError, match="5 images on one side are too few"):
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

    def test_does_not_depend_on_blocks_nor_on_order(self) -> None:
        x, y = normal(BLOCK + 70, 4, 0), normal(BLOCK + 30, 4, 1)
        one, other = authenticity(x, y), authenticity(x.flip(0), y.flip(0))
        assert (one.share, one.held_out) == (other.share, other.held_out)


def test_one_image_has_no_other() -> None:
    with pytest.raises(NoValueError, match="1 images are too few to have 2 neighbours"):
        nearest(torch.zeros(1, 4))

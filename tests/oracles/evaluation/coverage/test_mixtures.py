"""Modes of points: perfect, collapsed and useless samplers, and those far from every mode."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import chi2, entropy
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Modes
from ogan_bench.data.sources.mixtures import grid, ring
from ogan_bench.evaluation.coverage.mixtures import PERFECT, RADIUS, high_quality_counts, point_rows
from ogan_bench.evaluation.rows import Row
from tests.oracles.evaluation.spread import assert_about_the_spread

GRID = grid().modes
RING = ring().modes


def points(coordinates: Tensor) -> Tensor:
    return coordinates.float()[:, :, None, None]


def rows_of(samples: Tensor, modes: Modes | None) -> dict[str, Row]:
    assert modes is not None
    return {row.metric: row for row in point_rows(samples, modes)}


@pytest.mark.parametrize("data", [ring(), grid()], ids=["ring", "grid"])
def test_the_data_themselves_are_perfect(data: Dataset) -> None:
    assert data.modes is not None
    rows = rows_of(data.train.images, data.modes)
    k, n = len(data.modes.centres), len(data.train)
    assert rows["modes_points"].value == k
    ceiling = float(chi2(2).cdf(9))
    assert pytest.approx(ceiling) == PERFECT
    assert rows["high_quality_share"].value == pytest.approx(
        ceiling, abs=4 * math.sqrt(ceiling * (1 - ceiling) / n)
    )
    assert f"{ceiling:.5f}" in (rows["high_quality_share"].note or "")
    # Even more even than random draws: every mode has as many points.
    assert (rows["modes_kl_points"].value or 0) < (rows["modes_kl_points"].floor or 0)


def test_random_perfect_samples_are_at_the_floor() -> None:
    assert GRID is not None
    g, values = torch.Generator().manual_seed(0), []
    for _ in range(200):
        modes = torch.randint(25, (2000,), generator=g)
        noise = torch.randn(2000, 2, generator=g)
        rows = rows_of(points(GRID.centres[modes] + GRID.std * noise), GRID)
        values.append(rows["modes_kl_points"].value or 0)
    assert np.mean(values) == pytest.approx(rows["modes_kl_points"].floor, rel=0.1)


def test_a_collapsed_sampler_has_one_mode_of_full_quality() -> None:
    assert RING is not None
    rows = rows_of(points(RING.centres[:1].expand(500, -1)), RING)
    assert rows["modes_points"].value == 1
    assert rows["high_quality_share"].value == 1.0
    assert rows["modes_kl_points"].value == pytest.approx(math.log(8))


def test_noise_is_of_low_quality() -> None:
    g = torch.Generator().manual_seed(0)
    noise = points(torch.rand(20_000, 2, generator=g) * 10 - 5)
    rows = rows_of(noise, GRID)
    # 25 discs of radius 0.15 in a square of side 10.
    expected = 25 * math.pi * 0.15**2 / 100
    assert rows["high_quality_share"].value == pytest.approx(expected, rel=0.15)
    assert rows["modes_points"].value == 25


def test_samples_far_from_every_mode_have_no_divergence() -> None:
    rows = rows_of(points(torch.full((50, 2), 1e6)), GRID)
    assert (rows["modes_points"].value, rows["high_quality_share"].value) == (0, 0)
    assert rows["modes_kl_points"].value is None
    assert "no sample is of high quality" in (rows["modes_kl_points"].note or "")


def test_divergence_is_scipys_over_good_samples_alone() -> None:
    assert RING is not None
    counts = np.array([5, 0, 1, 0, 0, 3, 1, 0])
    good = RING.centres.repeat_interleave(torch.from_numpy(counts), dim=0)
    rows = rows_of(points(torch.cat([good, torch.zeros(40, 2)])), RING)
    expected = entropy(counts / counts.sum(), np.full(8, 1 / 8))
    assert rows["modes_kl_points"].value == pytest.approx(float(expected))
    assert rows["modes_kl_points"].n_samples == 50
    assert "10 samples of high quality" in str(rows["modes_kl_points"].note)
    assert rows["high_quality_share"].value == pytest.approx(10 / 50)


def test_the_radius_is_three_deviations() -> None:
    modes = Modes(torch.tensor([[0.0, 0.0], [10.0, 0.0]]), 1.0)
    inside, outside = (RADIUS - 1e-4, 0.0), (0.0, RADIUS + 1e-4)
    near_second = (10.0, -RADIUS + 1e-4)
    found = high_quality_counts(points(torch.tensor([inside, outside, near_second])), modes)
    assert found.tolist() == [1, 1]


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_error_of_the_number_of_modes_is_about_the_spread(rate: float) -> None:
    """Of 20 modes there are few samples, of five many."""
    modes, n = grid().modes, 400
    assert modes is not None
    shares = torch.full((25,), rate / n)
    shares[:5] = (1 - 20 * rate / n) / 5
    found = []
    for seed in range(60):
        random = torch.Generator().manual_seed(seed)
        drawn = shares.multinomial(n, replacement=True, generator=random)
        found.append(rows_of(points(modes.centres[drawn]), modes)["modes_points"])
    values, errors = [row.value or 0 for row in found], [row.error or 0 for row in found]
    assert_about_the_spread(values, errors)

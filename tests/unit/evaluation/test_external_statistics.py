"""Stored means and covariances: their distance, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from ogan_bench.errors import UserError
from ogan_bench.evaluation import external_statistics
from ogan_bench.evaluation.external_statistics import (
    Statistics,
    gaussian_distance,
    parse_space,
    statistics,
    statistics_of,
    statistics_rows,
)
from ogan_bench.evaluation.fidelity.frechet import frechet_distance


def gaussian(seed: int, k: int = 5) -> Statistics:
    random = np.random.default_rng(seed)
    root = random.normal(size=(k, k))
    return Statistics(random.normal(size=k), root @ root.T)


def test_the_distance_of_commuting_gaussians_is_the_closed_form() -> None:
    one = Statistics(np.array([1.0, 2.0]), np.diag([4.0, 9.0]))
    other = Statistics(np.array([0.0, 0.0]), np.diag([1.0, 1.0]))
    assert gaussian_distance(one, other) == pytest.approx((5 + 1 + 4, 5))
    assert gaussian_distance(one, one) == pytest.approx((0, 0), abs=1e-9)


def test_the_distance_agrees_with_a_general_matrix_root() -> None:
    one, other = gaussian(0), gaussian(1)
    root = sqrtm(one.covariance @ other.covariance).real
    expected = np.square(one.mean - other.mean).sum() + np.trace(
        one.covariance + other.covariance - 2 * root
    )
    assert gaussian_distance(one, other)[0] == pytest.approx(expected, rel=1e-9)


def test_statistics_of_features_give_the_distance_of_the_features() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(50, 4)), random.normal(1, 2, size=(60, 4))
    expected = frechet_distance(torch.from_numpy(x), torch.from_numpy(y))
    assert gaussian_distance(statistics_of(x), statistics_of(y))[0] == pytest.approx(expected)


def test_a_singular_covariance_is_no_obstacle() -> None:
    flat = Statistics(np.zeros(3), np.diag([1.0, 0.0, -1e-18]))
    round_ = Statistics(np.zeros(3), np.eye(3))
    assert gaussian_distance(flat, round_)[0] == pytest.approx(2)


def test_wrong_spaces_and_damaged_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(external_statistics.FEATURES, "inception", 3)
    path, good = Path("x.npz"), {"mu": np.zeros(3), "sigma": np.eye(3)}
    assert statistics(path, good, "inception").covariance.shape == (3, 3)
    for change, why in (
        ({"mu": np.zeros(4)}, "inception has 3 features"),
        ({"sigma": np.zeros((3, 4))}, "inception has 3 features"),
        ({"mu": np.zeros(3, dtype=int)}, "floating-point"),
        ({"mu": np.full(3, np.nan)}, "finite"),
        ({"sigma": np.triu(np.ones((3, 3)))}, "not symmetric"),
    ):
        with pytest.raises(UserError, match=why):
            statistics(path, good | change, "inception")
    assert parse_space("inception:tf1") == ("inception", "tf1")
    for text in ("inception", "clip:tf1", "inception:best"):
        with pytest.raises(UserError, match=r"must be one of inception:tf1.*clean-fid"):
            parse_space(text)


def test_the_row_says_what_it_rests_on() -> None:
    one, other = gaussian(0), gaussian(1)
    (row,) = statistics_rows(one, other, "inception", "bilinear", "inception-v3")
    assert (row.metric, row.split) == ("fid", "reference")
    assert row.value == pytest.approx(gaussian_distance(one, other)[0])
    assert row.note is not None
    assert "an unknown number of images, resize bilinear" in row.note
    assert "between the means" in row.note

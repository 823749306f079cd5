"""Reconstruction errors: known values, scikit-image as oracle, perfect and useless pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio
from torch import Tensor

from ogan_bench.data.base import to_float
from ogan_bench.evaluation.reconstruction.pixel_error import (
    autoencoding_rows,
    image_mse,
    psnr,
    reconstruction_ratio,
    reconstruction_rows,
)
from ogan_bench.evaluation.rows import Row
from tests.oracles.evaluation.normal_samples import normal
from tests.oracles.evaluation.spread import assert_about_the_spread


def images(n: int, seed: int = 0) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, 3, 6, 5), generator=g, dtype=torch.uint8)


def rows_of(x: Tensor, x_rec: Tensor, raw: Tensor) -> dict[str, Row]:
    return {row.metric: row for row in reconstruction_rows(x, x_rec, raw, 0)}


def test_black_against_white_is_one_and_zero_decibels() -> None:
    mse = image_mse(torch.full((4, 1, 2, 2), -1.0), torch.ones(4, 1, 2, 2))
    assert mse.tolist() == [1.0] * 4
    assert psnr(mse) == 0.0


def test_psnr_agrees_with_scikit_image() -> None:
    x, x_rec = to_float(images(10)), to_float(images(10, seed=1)) * 0.3
    pairs = zip(x.double().numpy(), x_rec.double().numpy(), strict=True)
    expected = np.mean(
        [
            peak_signal_noise_ratio(a, b, data_range=2.0)  # type: ignore[no-untyped-call, unused-ignore]
            for a, b in pairs
        ]
    )
    assert psnr(image_mse(x, x_rec)) == pytest.approx(expected, abs=1e-5)


def test_psnr_is_averaged_over_images_and_not_taken_of_the_average() -> None:
    assert psnr(torch.tensor([0.01, 0.0001]).double()) == pytest.approx(30.0)


def test_errors_are_those_of_means_over_images() -> None:
    images = torch.randint(256, (50, 1, 4, 4), generator=torch.Generator().manual_seed(0)).byte()
    constant = torch.zeros(50, 1, 4, 4)
    rows = {row.metric: row for row in reconstruction_rows(images, constant, constant, 0)}
    each = (images.double() / 255 - 0.5).square().mean((1, 2, 3)).numpy()
    expected = float(each.std(ddof=1) / math.sqrt(50))
    assert rows["reconstruction_mse"].error == pytest.approx(expected, rel=1e-4)
    decibels = (10 * np.log10(each)).std(ddof=1) / math.sqrt(50)
    assert rows["reconstruction_psnr"].error == pytest.approx(float(decibels), rel=1e-4)


def test_perfect_reconstructions() -> None:
    x = images(20)
    rows = rows_of(x, to_float(x), to_float(x))
    assert rows["reconstruction_mse"].value == 0.0
    assert rows["reconstruction_mse_raw"].value == 0.0
    assert rows["reconstruction_ratio"].value == 0.0
    assert rows["reconstruction_psnr"].value is None
    assert "infinite" in (rows["reconstruction_psnr"].note or "")


def test_useless_reconstructions_have_ratio_one() -> None:
    x = to_float(images(50))
    assert reconstruction_ratio(x, x.mean(0, keepdim=True).expand_as(x), 0).value == pytest.approx(
        1.0
    )
    independent = to_float(images(2000, seed=3))
    assert reconstruction_ratio(to_float(images(2000)), independent, 0).value == pytest.approx(
        1, abs=0.02
    )


@pytest.mark.parametrize("n", [2, 3, 50])
def test_no_image_meets_its_own_reconstruction(n: int) -> None:
    # Image i is zero but for pixel i: two different ones differ by exactly 2/n, in any pairing.
    x = 2 * torch.eye(n).view(n, 1, 1, n)
    assert reconstruction_ratio(x, x.clone(), seed=n).value == 0.0
    # With reconstructions that are half an image the ratio tells own from other exactly.
    own, other = 1 / n, (4 + 1) / n
    assert reconstruction_ratio(x, x / 2, seed=n).value == pytest.approx(own / other)


def test_ratio_depends_on_its_seed_alone() -> None:
    x, x_rec = to_float(images(30)), to_float(images(30, seed=1))
    assert reconstruction_ratio(x, x_rec, 0) == reconstruction_ratio(x, x_rec, 0)
    assert reconstruction_ratio(x, x_rec, 0) != reconstruction_ratio(x, x_rec, 1)


@pytest.mark.parametrize("x", [images(1), torch.zeros(5, 1, 4, 4, dtype=torch.uint8)])
def test_degenerate_ratios_have_a_note(x: Tensor) -> None:
    row = rows_of(x, to_float(x), to_float(x))["reconstruction_ratio"]
    assert row.value is None
    assert row.note


def test_rows_keep_normalised_and_raw_apart() -> None:
    x = images(10)
    rows = rows_of(x, to_float(x) * 0.5, to_float(x) * 0.0)
    assert rows["reconstruction_mse_raw"].value == pytest.approx(
        4 * (rows["reconstruction_mse"].value or math.nan)
    )
    assert {row.n_samples for row in rows.values()} == {10}
    assert {row.split for row in rows.values()} == {"test"}


class TestAutoencoding:
    def test_perfect_and_useless_ways_back(self) -> None:
        x = images(20)
        (perfect,) = autoencoding_rows(x, to_float(x), "G(0.9 · E(x))")
        assert (perfect.value, perfect.note) == (0.0, "G(0.9 · E(x))")
        (useless,) = autoencoding_rows(torch.zeros(4, 1, 2, 2, dtype=torch.uint8),
                                       torch.ones(4, 1, 2, 2), "G(E(x))")  # fmt: skip
        assert useless.value == 1.0

    def test_is_scikit_images_error(self) -> None:
        x, x_rec = images(10), 0.3 * to_float(images(10, seed=1))
        expected = mean_squared_error(to_float(x).numpy() / 2, x_rec.numpy() / 2)  # type: ignore[no-untyped-call, unused-ignore]
        (row,) = autoencoding_rows(x, x_rec, "")
        assert row.value == pytest.approx(expected, rel=1e-5)


class TestPoints:
    """Points keep their units, and each row says so."""

    X = torch.tensor([[3.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])[:, :, None, None]

    def test_errors_are_in_the_units_of_the_data(self) -> None:
        rows = rows_of(self.X, self.X + 0.5, self.X - 2.0)
        assert rows["reconstruction_mse"].value == pytest.approx(0.25)
        assert rows["reconstruction_mse_raw"].value == pytest.approx(4.0)
        (own,) = autoencoding_rows(self.X, self.X + 0.5, "G(1 · E(x))")
        assert own.value == pytest.approx(0.25)
        for row in (rows["reconstruction_mse"], rows["reconstruction_mse_raw"], own):
            assert "units of the data" in (row.note or "")

    def test_there_are_no_decibels(self) -> None:
        row = rows_of(self.X, self.X + 0.5, self.X)["reconstruction_psnr"]
        assert row.value is None
        assert "no pixel range" in (row.note or "")

    def test_the_ratio_has_no_units(self) -> None:
        one, other = (rows_of(k * self.X, k * (self.X + 0.5), self.X) for k in (1.0, 8.0))
        assert one["reconstruction_ratio"].value == pytest.approx(
            other["reconstruction_ratio"].value
        )


@pytest.mark.parametrize("kept", [0.0, 1.0])
@pytest.mark.parametrize("d", [2, 16])
def test_error_of_a_ratio_is_about_the_spread(kept: float, d: int) -> None:
    found = []
    for seed in range(80):
        x = normal(200, d, 2 * seed)
        x_rec = kept * x + 0.7 * normal(200, d, 2 * seed + 1)
        found.append(reconstruction_ratio(x[..., None, None], x_rec[..., None, None], seed))
    errors = [ratio.standard_error or 0 for ratio in found]
    assert_about_the_spread([ratio.value for ratio in found], errors, least=0.75, most=1.3)


def test_error_of_a_ratio_that_is_exact_is_zero() -> None:
    x = normal(50, 4, 0)[..., None, None]
    assert reconstruction_ratio(x, x, 0).standard_error == 0.0
    same = x.mean(0, keepdim=True).expand_as(x)
    assert reconstruction_ratio(x, same, 0).standard_error == pytest.approx(0, abs=1e-9)
    assert reconstruction_ratio(x[:2], x[:2] + 1, 0).standard_error is None

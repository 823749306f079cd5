"""Reconstructions as a group: scikit-image as oracle, the best temperature, agreement by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.reconstruction.autoencoding import TEMPERATURES, agreement
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.known_pairs import Unflat, measure, subject_of, value

pytestmark = pytest.mark.usefixtures("_no_weights")


def test_similarity_is_scikit_images(dataset: Dataset) -> None:
    settings = Evaluation(samples=20, probe_images=0, temperature=0.6, extractors=["inception"])
    subject = subject_of(dataset, Unflat(tuple(dataset.shape)), settings=settings)
    rows = measure(subject, "reconstruction")
    x = to_float(dataset.test.images).numpy()[:, 0]
    expected = [
        structural_similarity(  # type: ignore[no-untyped-call, unused-ignore]
            (image + 1) / 2, (0.6 * image + 1) / 2, data_range=1.0, gaussian_weights=True,
            sigma=1.5, use_sample_covariance=False,
        )
        for image in x.astype(np.float64)
    ]  # fmt: skip
    assert value(rows["autoencoding_ssim"]) == pytest.approx(float(np.mean(expected)), abs=1e-5)
    spread = np.std(expected, ddof=1) / len(expected) ** 0.5
    assert rows["autoencoding_ssim"].error == pytest.approx(float(spread), rel=1e-3)
    assert rows["autoencoding_ssim"].note == (
        "G(0.6 · E(x)); Gaussian window 11 x 11, σ = 1.5, K = (0.01, 0.03), population covariance"
    )
    each = -10 * np.log10(np.square(0.4 * x).mean((1, 2)) / 4)
    assert value(rows["autoencoding_psnr"]) == pytest.approx(float(each.mean()), abs=1e-4)
    spread = each.std(ddof=1) / len(each) ** 0.5
    assert rows["autoencoding_psnr"].error == pytest.approx(float(spread), rel=1e-3)
    for name, row in rows.items():
        if name.endswith("_train") or name in ("best_temperature", "autoencoding_mse_best"):
            assert row.value is None
            assert "probe_images is 0" in (row.note or "")
    assert "Inception" in (rows["autoencoding_ratio_inception"].note or "")


def test_the_temperature_is_chosen_among_all(dataset: Dataset) -> None:
    class Louder(Unflat):
        def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
            return z.view(-1, *self.shape) / 0.8

    rows = measure(subject_of(dataset, Louder(tuple(dataset.shape))), "reconstruction")
    assert value(rows["best_temperature"]) == 0.8
    assert value(rows["autoencoding_mse_best"]) == pytest.approx(0.0, abs=1e-12)
    note = rows["autoencoding_mse_best"].note or ""
    assert all(f"at t = {t:g}" in note for t in TEMPERATURES)


def test_agreement_by_hand() -> None:
    first = torch.eye(3)[[0, 0, 1, 2]]
    second = torch.eye(3)[[0, 1, 1, 1]]
    share, chance = agreement(first, second)
    assert share == 0.5
    assert chance == pytest.approx(0.5 * 0.25 + 0.25 * 0.75)
    with pytest.raises(NoValueError, match="missing"):
        agreement(first[:0], second[:0])

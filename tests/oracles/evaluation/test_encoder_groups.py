"""The groups of metrics of an encoder, on pairs whose values are known: exact, deaf, told."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.evaluation.evaluate import GROUPS
from ogan_bench.evaluation.latent.round_trip import cycle_codes, cycle_rows
from ogan_bench.evaluation.reconstruction.autoencoding import SplitReconstruction, temperature_rows
from ogan_bench.evaluation.reconstruction.lpips import VARIABLE
from ogan_bench.evaluation.rows import Row
from ogan_bench.metrics import METRICS
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.known_pairs import OWN, Unflat, measure, subject_of, value

pytestmark = pytest.mark.usefixtures("_no_weights")


class Deaf(Unflat):
    """Always the same grey image, whatever the code."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return 0 * z.view(-1, *self.shape)


class ByClass(Unflat):
    """The mean of a class that it is told; with the code it cannot do anything."""

    conditional = True

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(tuple(dataset.shape))
        x, labels = to_float(dataset.train.images), dataset.train.known_labels
        means = torch.stack([x[labels == k].mean(0) for k in range(len(dataset.classes))])
        self.register_buffer("means", means)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return self.get_buffer("means")[labels] + 0 * z[:, :1, None, None]


def small(dataset: Dataset, n: int = 150) -> Dataset:
    test = dataset.test
    few = Split(test.images[:n], None if test.labels is None else test.labels[:n])
    return dataclasses.replace(dataset, test=few)


@pytest.fixture(scope="module")
def exact(dataset: Dataset) -> dict[str, Row]:
    """E flattens and G folds back."""
    return measure(subject_of(dataset, Unflat(tuple(dataset.shape))))


@pytest.fixture(scope="module")
def deaf(dataset: Dataset) -> dict[str, Row]:
    return measure(subject_of(dataset, Deaf(tuple(dataset.shape))))


def test_the_groups_are_those_of_the_evaluation() -> None:
    for name, rows in OWN.items():
        assert GROUPS[name] is getattr(rows, "func", rows)


def test_every_metric_of_the_groups_is_measured(exact: dict[str, Row]) -> None:
    expected = {
        name
        for name, metric in METRICS.items()
        if metric.group in OWN and metric.extractor in (None, "classifier")
    }
    assert set(exact) == expected
    for name, row in exact.items():
        assert (row.split == "train") == (name.endswith("_train") or name == "best_temperature")
        assert (METRICS[name].extractor is not None) <= (row.extractor is not None)


def test_what_an_exact_pair_lacks_is_decibels_and_weights(exact: dict[str, Row]) -> None:
    without = {name: row.note or "" for name, row in exact.items() if row.value is None}
    assert set(without) == {
        "autoencoding_psnr",
        "autoencoding_psnr_train",
        *(f"autoencoding_lpips_{net}{end}" for net in ("alex", "vgg")
          for end in ("", "_train", "_generated")),
    }  # fmt: skip
    for name, note in without.items():
        assert ("infinite" if "psnr" in name else VARIABLE) in note


def test_an_exact_pair_is_perfect(exact: dict[str, Row]) -> None:
    for end in ("", "_train"):
        assert value(exact[f"autoencoding_ssim{end}"]) == pytest.approx(1.0)
        assert value(exact[f"autoencoding_ratio{end}"]) == 0.0
        assert value(exact[f"autoencoding_ratio_classifier{end}"]) == 0.0
        assert value(exact[f"autoencoding_agreement{end}"]) == 1.0
    assert value(exact["autoencoding_mse_train"]) == 0.0
    assert value(exact["best_temperature"]) == 1.0
    assert value(exact["autoencoding_mse_best"]) == 0.0
    for name in ("latent_r2", "latent_retrieval", "cycle_rho", "cycle_rho_5"):
        assert value(exact[name]) == pytest.approx(1.0)
    assert value(exact["cycle_drift_5"]) == 0.0
    assert value(exact["ivom_encoder"]) == 0.0
    assert value(exact["inversion_gap"]) == 0.0
    assert value(exact["inversion_encoder_wins"]) == 1.0
    assert value(exact["ivom"]) < 1e-4


def test_a_straight_generator_has_straight_ways(exact: dict[str, Row]) -> None:
    assert value(exact["interpolation_detour_linear"]) == pytest.approx(1.0, abs=1e-5)
    assert 1.0 < value(exact["interpolation_detour"]) < 1.2
    for end in ("", "_linear"):
        assert value(exact[f"path_energy_classifier{end}"]) > 1.0
        assert value(exact[f"path_length_classifier{end}"]) > 1.0
    for name in ("path_straightness_classifier", "midpoint_ratio_classifier"):
        fade = value(exact[f"{name}_pixels"])
        assert value(exact[f"{name}_linear"]) == pytest.approx(fade, rel=1e-3)


def test_codes_are_what_they_are_beside_z(dataset: Dataset, exact: dict[str, Row]) -> None:
    x = to_float(dataset.test.images).flatten(1).double()
    assert value(exact["code_average"]) == pytest.approx(float(x.mean()), abs=1e-5)
    deviation = float(x.std(1, correction=0).mean())
    assert value(exact["code_std"]) == pytest.approx(deviation, abs=1e-5)
    assert value(exact["code_average_generated"]) == pytest.approx(0.0, abs=0.01)
    assert value(exact["code_std_generated"]) == pytest.approx(1.0, abs=0.01)
    assert value(exact["code_ks"]) > 4 * (exact["code_ks"].floor or 1)
    assert exact["code_fd"].floor is None  # 200 z of 256 dimensions
    assert "no floor" in (exact["code_fd"].note or "")
    assert 1 < value(exact["code_effective_rank"]) < 256


def test_the_floor_of_the_cycle_is_what_other_images_have(
    dataset: Dataset, exact: dict[str, Row]
) -> None:
    x = to_float(dataset.test.images).flatten(1).numpy()
    between = np.corrcoef(x)[~np.eye(len(x), dtype=bool)]
    assert exact["cycle_rho_5"].floor == pytest.approx(float(between.mean()), abs=1e-4)
    distances = np.square(x[:, None] - x[None]).mean(2)[~np.eye(len(x), dtype=bool)]
    assert f"{distances.mean():.3g} between different images" in (exact["cycle_drift_5"].note or "")


def test_a_deaf_generator_says_nothing_of_the_image(dataset: Dataset, deaf: dict[str, Row]) -> None:
    for end in ("", "_train"):
        assert value(deaf[f"autoencoding_ratio{end}"]) == pytest.approx(1.0)
        assert value(deaf[f"autoencoding_ratio_classifier{end}"]) == pytest.approx(1.0)
        row = deaf[f"autoencoding_agreement{end}"]
        assert value(row) == pytest.approx(row.floor)
        assert value(deaf[f"autoencoding_ssim{end}"]) < 0.3
    assert value(deaf["autoencoding_mse_generated"]) < 1e-5  # grey, rounded to 8 bits
    assert value(deaf["latent_r2"]) == 0.0
    assert value(deaf["latent_retrieval"]) == pytest.approx(1 / 200)
    assert value(deaf["cycle_rho"]) == pytest.approx(0.0)
    assert deaf["cycle_rho"].floor == pytest.approx(0.0)
    assert value(deaf["path_length_classifier"]) == 0.0
    assert value(deaf["interpolation_confidence"]) == 1.0
    for name in ("interpolation_detour", "path_energy_classifier_linear"):
        assert deaf[name].value is None
        assert "end where they start" in (deaf[name].note or "")
    for end in ("", "_linear", "_shuffled"):
        row = deaf[f"path_straightness_classifier{end}"]
        assert row.value is None
        assert "no path has a length" in (row.note or "")
    assert value(deaf["midpoint_ratio_classifier"]) == pytest.approx(1.0)
    chosen = value(deaf["ivom"])
    assert chosen == pytest.approx(value(deaf["ivom_encoder"]))
    grey = float(to_float(dataset.test.images).square().mean()) / 4
    assert chosen == pytest.approx(grey, rel=0.2)  # the variance about the image, of twelve
    assert value(deaf["inversion_gap"]) == pytest.approx(0.0, abs=1e-9)
    assert value(deaf["inversion_encoder_wins"]) == 0.5


def test_the_projection_is_that_of_the_objective(dataset: Dataset) -> None:
    """With N(.) neither the average nor the length of a code reaches G."""
    subject = subject_of(dataset, Unflat(tuple(dataset.shape)), projection="standardise")
    rows = measure(subject, "reconstruction", "codes")
    assert (rows["autoencoding_ratio"].note or "").startswith("G(1 · N(E(x)))")
    assert value(rows["cycle_rho_5"]) == pytest.approx(1.0)
    assert value(rows["cycle_drift_5"]) == pytest.approx(0.0, abs=1e-9)
    chosen = subject.samples.train_indices[: len(dataset.test)]
    x = to_float(dataset.train.images[chosen]).flatten(1).numpy()
    normalised = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    for t in (1.0, 0.5):
        settings = subject.settings.model_copy(update={"temperature": t})
        other = subject_of(
            dataset, Unflat(tuple(dataset.shape)), projection="standardise", settings=settings
        )
        row = measure(other, "reconstruction")["autoencoding_mse_train"]
        expected = np.square(x - t * normalised).mean() / 4
        assert value(row) == pytest.approx(float(expected), rel=1e-4)
        assert row.note == f"G({t:g} · N(E(x)))"


def test_a_conditional_generator_is_told_the_class(dataset: Dataset, tmp_path: Path) -> None:
    rows = measure(subject_of(dataset, ByClass(dataset), folder=tmp_path))
    row = rows["autoencoding_agreement"]
    assert value(row) > 0.9
    assert "given the class" in (row.note or "")
    assert value(rows["latent_retrieval"]) < 0.1
    assert value(rows["ivom"]) == pytest.approx(value(rows["ivom_encoder"]))
    assert value(rows["ivom"]) < 0.06  # within a class, not about the mean of all
    assert "class of the first end" in (rows["path_length_classifier"].note or "")
    assert value(rows["path_length_classifier"]) == 0.0  # the class does not change on the way


def test_points_are_measured_in_their_units() -> None:
    dataset = small(ring())
    rows = measure(subject_of(dataset, Unflat((2, 1, 1))))
    without = {name for name, row in rows.items() if row.value is None}
    assert without == {
        name for name in rows
        if any(part in name for part in ("psnr", "ssim", "lpips", "classifier", "agreement",
                                         "confidence"))
    }  # fmt: skip
    assert all("not for points" in (rows[name].note or "") for name in without)
    assert "units of the data" in (rows["ivom"].note or "")
    assert value(rows["ivom"]) < 1e-4
    assert value(rows["interpolation_detour_linear"]) == pytest.approx(1.0, abs=1e-5)
    assert value(rows["latent_retrieval"]) == 1.0


def test_small_unlabelled_images_have_notes_where_something_is_missing(tmp_path: Path) -> None:
    labelled = digits(resolution=8)
    dataset = dataclasses.replace(
        labelled,
        train=Split(labelled.train.images),
        test=Split(labelled.test.images[:100]),
        classes=(),
    )
    rows = measure(subject_of(dataset, Unflat((1, 8, 8)), folder=tmp_path))
    for name, row in rows.items():
        if "classifier" in name or "agreement" in name or "confidence" in name:
            assert "no labels" in (row.note or "")
        elif "ssim" in name:
            assert "11 pixels wide, the images 8" in (row.note or "")
        elif not ("psnr" in name or "lpips" in name):
            assert row.value is not None, (name, row.note)
    with Image.open(tmp_path / "interpolations.png") as picture:
        assert picture.size == (10 * 8 * 7 + 9 * 2, 8 * 8 * 7 + 7 * 2)


def test_numbers_are_those_of_the_seed(dataset: Dataset) -> None:
    def rows(seed: int) -> dict[str, Row]:
        settings = Evaluation(samples=100, probe_images=100, seed=seed)
        G = Unflat(tuple(dataset.shape))
        return measure(subject_of(dataset, G, settings=settings), "codes", "interpolation")

    first = rows(0)
    assert first == rows(0)
    other = rows(1)
    for name in ("path_length_classifier", "interpolation_detour", "code_fd"):
        assert first[name].value != other[name].value


def test_one_test_image_has_nowhere_to_go(dataset: Dataset, tmp_path: Path) -> None:
    settings = Evaluation(samples=20, probe_images=10, extractors=["inception"])
    G = Unflat(tuple(dataset.shape))
    rows = measure(subject_of(small(dataset, 1), G, settings=settings, folder=tmp_path))
    assert not (tmp_path / "interpolations.png").exists()
    assert "at least two test images" in (rows["interpolation_detour"].note or "")
    assert "all codes are equal" in (rows["code_effective_rank"].note or "")
    assert rows["code_fd"].value is None
    assert value(rows["ivom_encoder"]) == 0.0


def test_of_many_images_a_seeded_choice_goes_round(dataset: Dataset) -> None:
    subject = subject_of(dataset, Unflat(tuple(dataset.shape)))
    every = cycle_codes(subject)
    some = cycle_codes(subject, most=20)
    assert [codes.shape for codes in some] == [(20, every[0].shape[1])] * len(every)
    followed = torch.cdist(some[0], every[0]).argmin(1)
    assert len(followed.unique()) == 20
    assert followed.tolist() != list(range(20))
    for few, all_codes in zip(some, every, strict=True):
        torch.testing.assert_close(few, all_codes[followed])
    assert torch.equal(cycle_codes(subject, most=20)[-1], some[-1])
    of = functools.partial(SplitReconstruction, subject)
    found = [*cycle_rows(subject, most=20), *temperature_rows(subject, of, most=30)]
    rows = {row.metric: row for row in found}
    assert [rows[name].n_samples for name in ("cycle_rho", "cycle_drift_5")] == [20, 20]
    assert rows["best_temperature"].n_samples == 30
    assert rows["autoencoding_mse_best"].n_samples == len(dataset.test)

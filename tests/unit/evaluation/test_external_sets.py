"""What rows of images from other tools say they were measured against."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ogan_bench.data.base import Dataset, Split
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation import external_statistics, set_comparison
from ogan_bench.evaluation.external_images import read_images, reference_dataset
from ogan_bench.evaluation.external_sets import (
    HINT,
    compare_sets,
    distance_from_statistics,
    image_rows,
)
from ogan_bench.evaluation.external_statistics import statistics_of
from ogan_bench.evaluation.rows import Row
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.metrics.definition import Group
from ogan_bench.study.settings import Evaluation
from tests.unit.evaluation.images_on_disk import pixels, save_folder

pytestmark = pytest.mark.usefixtures("_stores")

CPU = torch.device("cpu")


class Columns:
    """The mean grey level of each column and, as logits of two classes, of each half."""

    name, weights_hash = "columns@0", "0"
    device, batch_size = CPU, 100

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        columns = images.float().mean((1, 2))
        return columns, columns.unflatten(1, (2, -1)).mean(2)


@pytest.fixture(autouse=True)
def _every_space_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "cache"))
    for name, space in FEATURE_SPACES.items():
        stand_in = FeatureSpace(space.title, lambda *_: Columns(), str, lambda _: "columns")
        monkeypatch.setitem(FEATURE_SPACES, name, stand_in)


def rows(images: Tensor, dataset: Dataset) -> list[Row]:
    settings = Evaluation(extractors=list(FEATURE_SPACES), groups=["diversity"])
    return image_rows(images, dataset, settings, CPU)


@pytest.mark.parametrize("kind", ["labelled arrays", "folder"])
def test_images_against_files_are_not_measured_against_training_images(
    tmp_path: Path, kind: str
) -> None:
    images = pixels(n=40)
    if kind == "folder":
        path = save_folder(tmp_path / "real", images)
    else:
        path = tmp_path / "real.npz"
        np.savez(path, images=images, labels=np.arange(40) % 2)
    generated = read_images(path).images
    measured = rows(generated, reference_dataset(str(path), [], generated).dataset)
    with_value = {row.metric for row in measured if row.value is not None}
    assert {"fid", "kid", "fwd", "kd_exact_clip", "authenticity_dinov2"} <= with_value
    assert ("modes_kl_classifier" in with_value) == (kind == "labelled arrays")
    assert {row.split for row in measured} == {"reference", "generated"}
    assert not [row for row in measured if "train" in (row.note or "")]


def test_only_rows_that_need_labels_point_to_spaces_that_need_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inception-v3 without its weights used to be told to name a space like itself."""

    def missing(*_: object) -> Columns:
        raise NoValueError("not to be had here")

    for name in ("classifier", "inception"):
        space = FeatureSpace(name, missing, str, lambda _: "missing")
        monkeypatch.setitem(FEATURE_SPACES, name, space)
    path = save_folder(tmp_path / "real", pixels(n=8))
    images = read_images(path).images
    settings = Evaluation(extractors=["classifier", "inception"])
    found = image_rows(images, reference_dataset(str(path), [], images).dataset, settings, CPU)
    assert {row.value for row in found} == {None}
    hinted = {row.metric: HINT in (row.note or "") for row in found}
    assert hinted["fd_classifier"]
    assert not hinted["fid"]
    assert set(hinted.values()) == {True, False}
    assert all(told == metric.endswith("_classifier") for metric, told in hinted.items())


def test_images_against_a_dataset_are_measured_against_its_training_images() -> None:
    train, test = (Split(torch.from_numpy(pixels(n=40, seed=seed))) for seed in (0, 1))
    measured = rows(test.images, Dataset("noise", train, test, (), "none"))
    assert {row.split for row in measured} == {"train", "generated"}


def test_a_file_of_both_is_images_until_its_statistics_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guided-diffusion's reference batches hold images and two kinds of statistics of them."""
    monkeypatch.setitem(external_statistics.FEATURES, "inception", 16)
    images, batch = pixels(n=40), tmp_path / "reference_batch.npz"
    kept = statistics_of(Columns()(torch.from_numpy(images))[0].numpy())
    np.savez(
        batch,
        arr_0=images.transpose(0, 2, 3, 1),
        mu=kept.mean + 2,
        sigma=kept.covariance,
        mu_s=np.zeros(7),
        sigma_s=np.eye(7),
    )
    assert torch.equal(read_images(batch).images, torch.from_numpy(images))
    generated = read_images(batch).images
    values = {
        row.metric: row.value
        for row in rows(generated, reference_dataset(str(batch), [], generated).dataset)
    }
    assert values["fid"] == pytest.approx(0, abs=1e-3)
    np.save(tmp_path / "samples.npy", images)
    (row,) = distance_from_statistics(tmp_path / "samples.npy", batch, "inception:tf1", CPU)
    assert row.value == pytest.approx(16 * 2**2)


@pytest.mark.parametrize("groups", [[], ["diversity"]])
def test_what_has_an_error_alone_has_one_among_sets_and_its_differences_are_tested(
    groups: list[Group], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Class counts, the wavelet distance and what needs test images used to lose theirs."""
    monkeypatch.setattr(set_comparison, "HALVES", 3)
    labels = torch.arange(220) % 2
    train, test = (
        Split(torch.from_numpy(pixels(n=220, channels=1, seed=seed)), labels) for seed in (0, 1)
    )
    dataset = Dataset("noise", train, test, ("a", "b"), "none")
    settings = Evaluation(extractors=["classifier"], groups=groups)
    sets = {
        name: torch.from_numpy(pixels(n=220, channels=1, seed=seed))
        for name, seed in {"a": 2, "b": 3}.items()
    }
    alone = image_rows(sets["b"], dataset, settings, CPU)
    found = compare_sets(sets, dataset, settings, CPU, dict.fromkeys(sets, ""))
    assert [row.value for row in found.rows["b"]] == [row.value for row in alone]
    known = {row.metric for row in alone if row.error is not None}
    expected = {"isc_classifier", "modes_classifier", "modes_kl_classifier"}
    assert known >= (expected | {"fwd", "data_copying_classifier"} if groups else expected)
    assert known <= {row.metric for row in found.rows["b"] if row.error is not None}
    assert known <= set(found.differences["b"])

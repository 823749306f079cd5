"""The suite of probes: rows, kept baselines, attributes, and what there is not."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.evaluation.evaluate import GROUPS
from ogan_bench.evaluation.rows import Row
from ogan_bench.evaluation.separability.probe_suite import Representation, representations
from ogan_bench.metrics import METRICS
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.separability.labelled_noise import classes, noise
from tests.oracles.evaluation.separability.marked_records import mark
from tests.oracles.stand_ins import Untrained


def test_scaling_is_scikit_learns_and_constant_columns_are_zero() -> None:
    x, x_test = 3 * noise(50, 4) + 7, noise(20, 4, 1)
    x[:, 2], x_test[:, 2] = 5, 6
    found, found_test = Representation(lambda: (x, x_test)).scaled
    model = StandardScaler().fit(x.numpy())
    for ours, theirs in ((found, model.transform(x)), (found_test, model.transform(x_test))):
        keep = [0, 1, 3]
        assert np.allclose(ours[:, keep], theirs[:, keep], atol=1e-5)
        assert (ours[:, 2] == 0).all()


class Blank(Generator):
    """No image at all."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return torch.zeros(len(z), *self.shape)


def linear_encoder(pixels: int, weight: Tensor) -> Encoder:
    head = nn.Linear(pixels, len(weight), bias=False)
    with torch.no_grad():
        head.weight.copy_(weight)
    return Encoder(nn.Flatten(), head)


def subject_of(dataset: Dataset, images: int = 10_000) -> ModelContext:
    """A trained encoder that keeps the first half of the pixels, an untrained one that mixes."""
    pixels = math.prod(dataset.shape)
    d = max(2, pixels // 2)
    trained = linear_encoder(pixels, torch.eye(pixels)[:d])
    before = linear_encoder(pixels, noise(d, pixels, 9))
    settings = Evaluation.model_validate(
        {"samples": 5, "probe_images": images, "extractors": ["inception"]}
    )
    pair = Autoencoder(Untrained(), trained, Blank(dataset.shape), d)
    return ModelContext(pair, UntrainedEncoder(before), dataset, settings, torch.device("cpu"))


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
    return tmp_path


def rows_of(context: ModelContext) -> dict[str, Row]:
    """Without those of z, which need the classifier."""
    rows = {row.metric: row for row in GROUPS["probes"](context)}
    expected = [
        name
        for name, metric in METRICS.items()
        if metric.group == "probes" and metric.extractor is None
    ]
    assert sorted(rows) == sorted(expected)
    return rows


def with_attributes(dataset: Dataset) -> Dataset:
    """Whether the digit is above 4, whether the image is light, and one that none has."""

    def split(source: Split) -> Split:
        light = source.images.flatten(1).float().mean(1) > 80
        high = source.known_labels > 4
        table = torch.stack([high, light, torch.zeros_like(high)], dim=1)
        return dataclasses.replace(source, attributes=table)

    names = ("high", "light", "never")
    return dataclasses.replace(
        dataset, train=split(dataset.train), test=split(dataset.test), attributes=names
    )


def test_rows_and_what_is_kept_of_them(dataset: Dataset, empty_cache: Path) -> None:
    known = with_attributes(dataset)
    rows = rows_of(subject_of(known))
    value = {name: row.value or 0 for name, row in rows.items()}
    largest = float(dataset.test.known_labels.bincount().max()) / len(dataset.test)
    for name, row in rows.items():
        assert (row.n_samples, row.split, row.extractor) == (360, "test", None)
        if "_10000" in name:
            assert row.value is None
            assert row.note == "the probe needs 10000 labelled images and has 1437"
        else:
            assert row.floor == (0.5 if name.startswith("attribute") else largest)
            assert value[name] > row.floor
    for ending in ("", "_untrained", "_pca", "_pixels"):
        accuracies = [value[f"probe_accuracy_{n}{ending}"] for n in (10, 100, 1000)]
        assert accuracies == sorted(accuracies)
    assert "10 draws of labels, standard deviation" in (rows["probe_accuracy_10"].note or "")
    assert (rows["probe_accuracy_1000"].note or "").startswith("C = ")
    assert rows["knn_accuracy_5"].note == "among 1437 training images"
    note = rows["attribute_accuracy_1000"].note or ""
    assert note.startswith("best high 0.")
    assert "worst light 0." in note  # N(.) takes the mean away
    assert note.endswith("too rare, left out: never")

    kept = list((empty_cache / "probes").glob("*.json"))
    assert len(kept) == 7 * 3 + 3  # without the 10,000 labels; those of the untrained trunk
    for path in kept:
        mark(path, note="kept")
    for name, row in rows_of(subject_of(known)).items():
        if METRICS[name].better is None and "_10000" not in name:
            assert row == dataclasses.replace(rows[name], note="kept")
        else:
            assert row == rows[name]


def test_pixels_are_shrunk_and_components_are_as_many_as_the_code_has(dataset: Dataset) -> None:
    images = torch.nn.functional.interpolate(dataset.test.images[:50], scale_factor=8)
    large = Dataset("large", Split(images), Split(images[:9]), (), "none")
    context = subject_of(large, 20)
    shown = representations(context)
    assert [t.shape for t in shown["_pixels"].plain] == [(20, 1024), (9, 1024)]
    assert shown["_pca"].plain[0].shape[1] == 20  # no more than there are images
    assert shown[""].plain[0].shape == (20, 2048)
    assert shown["_pixels"].plain[0].max() <= 1
    own = shown[""].plain[0]
    assert torch.allclose(own.mean(1), torch.zeros(20), atol=1e-4)  # N(E(x))


def test_what_there_is_not_has_a_note(dataset: Dataset, empty_cache: Path) -> None:
    bare = dataclasses.replace(
        dataset, train=Split(dataset.train.images), test=Split(dataset.test.images), classes=()
    )
    for chosen, images, reason in (
        (bare, 10_000, "no labels"),
        (dataset, 0, "probe_images is 0"),
    ):
        rows = rows_of(subject_of(chosen, images))
        assert {row.value for row in rows.values()} == {None}
        assert reason in (rows["probe_accuracy_100_pca"].note or "")
        assert reason in (rows["knn_accuracy_1"].note or "")
    rows = rows_of(subject_of(bare))
    assert "no attributes" in (rows["attribute_accuracy_1000_pixels"].note or "")


def test_too_few_images_and_too_many_classes_have_a_note(
    dataset: Dataset, empty_cache: Path
) -> None:
    rows = rows_of(subject_of(with_attributes(dataset), 50))
    assert rows["probe_accuracy_100"].note == "the probe needs 100 labelled images and has 50"
    assert rows["attribute_accuracy_1000"].note == "the probe needs 1000 images and has 50"
    assert rows["probe_accuracy_10"].value is not None
    single = dataclasses.replace(
        dataset.train, labels=torch.arange(len(dataset.train)), images=dataset.train.images
    )
    rows = rows_of(subject_of(dataclasses.replace(dataset, train=single), 200))
    for name in ("probe_accuracy_100", "svm_accuracy_1000", "probe_trunk"):
        assert "200 classes exceed the limit of 100" in (rows[name].note or "")
    assert rows["knn_accuracy_1"].value is not None


def test_points_are_probed_as_they_are(empty_cache: Path) -> None:
    centres = torch.tensor([[0.0, 5.0], [5.0, 0.0], [-5.0, -5.0]])

    def split(n: int, seed: int) -> Split:
        labels = classes(n, 3)
        return Split((centres[labels] + 0.1 * noise(n, 2, seed))[:, :, None, None], labels)

    rows = rows_of(subject_of(Dataset("mix", split(300, 0), split(90, 1), ("a", "b", "c"), "none")))
    for ending in ("_pixels", "_pca", "_untrained"):
        assert rows[f"knn_accuracy_1{ending}"].value is not None
    assert rows["probe_accuracy_100_pixels"].value == 1.0
    assert rows["knn_accuracy_5_pixels"].value == 1.0

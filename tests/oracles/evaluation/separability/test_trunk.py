"""The features before the code: what a head destroys, what training adds, and what there is not."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row
from ogan_bench.evaluation.separability.linear_probe import linear_probe, separability_rows
from ogan_bench.evaluation.separability.trunk import (
    NEIGHBOURS,
    cosine_neighbours_accuracy,
    trunk_rows,
)
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.forward import trunk_features
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation
from tests.oracles.evaluation.separability.labelled_noise import classes, noise
from tests.oracles.stand_ins import Untrained

K, SIDE = 4, 4
CPU = torch.device("cpu")
NAMES = [
    f"{name}{of}" for name in ("probe_trunk", "knn_trunk", "knn_code") for of in ("", "_untrained")
]


class Blank(Generator):
    """No image at all."""

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return torch.zeros(len(z), 1, SIDE, SIDE)


def images_of_rows(train: int = 400, test: int = 200) -> Dataset:
    """Noise, with the row of the class bright."""
    random = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        labels = classes(n, K)
        images = torch.randint(100, (n, 1, SIDE, SIDE), generator=random, dtype=torch.uint8)
        images[torch.arange(n), 0, labels] += 150
        return Split(images, labels)

    return Dataset("rows", split(train), split(test), tuple("abcd"), "none")


def encoder(trunk: Tensor, head: Tensor) -> Encoder:
    """Two matrices, shapes ``(features, pixels)`` and ``(d, features)``."""
    layer, last = (nn.Linear(w.shape[1], w.shape[0], bias=False) for w in (trunk, head))
    with torch.no_grad():
        layer.weight.copy_(trunk)
        last.weight.copy_(head)
    return Encoder(nn.Sequential(nn.Flatten(), layer), last)


def separating(head: Tensor) -> Encoder:
    """A trunk of the mean of each row, then one pixel of noise for each dimension of the code."""
    rows = torch.eye(SIDE).repeat_interleave(SIDE, dim=1) / SIDE
    # Differences within a row are free of the class.
    within = torch.zeros(K, SIDE * SIDE)
    within[torch.arange(K), torch.arange(K) * SIDE] = 1
    within[torch.arange(K), torch.arange(K) * SIDE + 1] = -1
    return encoder(torch.cat([rows, within]), head)


DESTROYS = torch.cat([torch.zeros(K, K), torch.eye(K)], dim=1)
KEEPS = torch.cat([torch.eye(K), torch.zeros(K, K)], dim=1)


def context_of(dataset: Dataset, trained: nn.Module, untrained: Encoder) -> ModelContext:
    pair = Autoencoder(Untrained(), trained, Blank(), K)  # type: ignore[arg-type]
    settings = Evaluation(samples=5, probe_images=10_000)
    return ModelContext(pair, UntrainedEncoder(untrained), dataset, settings, CPU)


def rows_of(context: ModelContext) -> dict[str, Row]:
    rows = {row.metric: row for row in trunk_rows(context)}
    assert sorted(rows) == sorted(NAMES)
    return rows


def value(row: Row) -> float:
    assert row.value is not None, row.note
    return row.value


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))


def test_a_head_can_destroy_what_the_trunk_separates() -> None:
    context = context_of(images_of_rows(), separating(DESTROYS), separating(KEEPS))
    rows = rows_of(context)
    probe = separability_rows(context.samples, context.dataset, context.settings)[0]
    chance = 1 / K
    for name in ("probe_trunk", "probe_trunk_untrained", "knn_trunk_untrained"):
        assert value(rows[name]) == 1.0
        assert rows[name].error == 0.0
    assert value(rows["knn_trunk"]) == value(rows["knn_trunk_untrained"])
    assert value(rows["knn_code_untrained"]) == 1.0
    assert value(probe) == pytest.approx(chance, abs=0.12)
    assert value(rows["knn_code"]) == pytest.approx(chance, abs=0.12)
    share = value(rows["knn_code"])
    assert rows["knn_code"].error == pytest.approx(math.sqrt(share * (1 - share) / 200))
    assert {(row.floor, row.n_samples, row.split) for row in rows.values()} == {
        (chance, 200, "test")
    }


def test_training_adds_what_the_untrained_trunk_lacks() -> None:
    dataset = images_of_rows()
    useless = encoder(torch.zeros(2 * K, SIDE * SIDE), noise(K, 2 * K))
    rows = rows_of(context_of(dataset, separating(KEEPS), useless))
    assert value(rows["probe_trunk"]) == 1.0
    assert value(rows["knn_trunk"]) > 0.95
    for name in ("probe_trunk_untrained", "knn_trunk_untrained", "knn_code_untrained"):
        assert value(rows[name]) == rows[name].floor == 1 / K


def test_the_probe_is_that_of_codes_on_the_features_of_the_head() -> None:
    dataset, E = images_of_rows(), separating(DESTROYS)
    x, x_test = (E.trunk(to_float(s.images)).detach() for s in (dataset.train, dataset.test))
    found = trunk_features(E, dataset.test.images, "real", CPU, 0, batch_size=7)
    assert torch.allclose(found, x_test)
    expected = linear_probe(x, dataset.train.known_labels, x_test, dataset.test.known_labels)
    assert value(rows_of(context_of(dataset, E, E))["probe_trunk"]) == expected.accuracy


def test_maps_are_flattened() -> None:
    E = Encoder(nn.Identity(), nn.Linear(SIDE * SIDE, K))
    assert trunk_features(E, images_of_rows().test.images, "real", CPU, 0).shape == (200, 16)


@pytest.mark.parametrize("k", [1, 5, NEIGHBOURS])
def test_neighbours_are_scikit_learns_by_cosine(k: int) -> None:
    labels, test_labels = classes(300, 3), classes(90, 3)
    centres = noise(3, 6, 5) / 2
    x, x_test = noise(300, 6) + centres[labels], noise(90, 6, 1) + centres[test_labels]
    model = KNeighborsClassifier(k, metric="cosine").fit(x.numpy(), labels.numpy())
    expected = model.score(x_test.numpy(), test_labels.numpy())
    found = cosine_neighbours_accuracy(x, labels, x_test, test_labels, k)
    assert found == pytest.approx(expected)
    assert 1 / 3 < found < 1
    stretched = x * torch.arange(1, 301)[:, None]  # lengths do not matter
    assert cosine_neighbours_accuracy(stretched, labels, x_test, test_labels, k) == found


def test_fewer_images_than_neighbours_have_a_note() -> None:
    rows = rows_of(context_of(images_of_rows(train=19), separating(KEEPS), separating(KEEPS)))
    assert value(rows["probe_trunk"]) == 1.0
    for name in ("knn_trunk", "knn_trunk_untrained", "knn_code", "knn_code_untrained"):
        assert rows[name].value is None
        assert rows[name].note == "19 images are too few for 20 neighbours"


def test_neighbours_of_what_is_not_finite_are_refused() -> None:
    with pytest.raises(NoValueError, match="not finite"):
        cosine_neighbours_accuracy(noise(30, K) / 0, classes(30), noise(5, K), classes(5))


def test_one_class_has_a_note() -> None:
    dataset = images_of_rows()
    one = dataclasses.replace(
        dataset, train=dataclasses.replace(dataset.train, labels=torch.zeros(400, dtype=torch.long))
    )
    for row in rows_of(context_of(one, separating(KEEPS), separating(KEEPS))).values():
        assert row.value is None
        assert "one class" in (row.note or "")


class WithoutTrunk(nn.Module):
    """A plug-in's net: the first pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)[:, :K]


def test_an_encoder_without_trunk_has_a_note_and_its_codes_have_neighbours() -> None:
    rows = rows_of(context_of(images_of_rows(), WithoutTrunk(), separating(KEEPS)))
    for name in ("probe_trunk", "knn_trunk"):
        assert (rows[name].value, rows[name].note) == (None, "the encoder has no trunk")
    assert value(rows["knn_code"]) > 0
    assert value(rows["probe_trunk_untrained"]) == 1.0


def test_a_trunk_that_is_not_finite_has_a_note() -> None:
    E = separating(KEEPS)
    context = context_of(images_of_rows(), E, separating(KEEPS))
    context.samples  # noqa: B018 - drawn while the nets are finite
    with torch.no_grad():
        context.trained.encoder.trunk[1].weight.fill_(torch.nan)  # type: ignore[index]
    rows = rows_of(context)
    assert rows["probe_trunk"].value is None
    assert "finite" in (rows["probe_trunk"].note or "")

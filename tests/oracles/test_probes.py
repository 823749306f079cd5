"""Probes with few labels and many: scikit-learn, draws, neighbours, attributes, kept baselines."""

from __future__ import annotations

import dataclasses
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.sources.digits import digits
from ogan_bench.evaluation.evaluate import GROUPS
from ogan_bench.evaluation.rows import Row
from ogan_bench.evaluation.separability.classifiers import (
    SWEEP_ITERATIONS,
    SWEEP_TOLERANCE,
    SWEEPS,
    VALIDATION_SHARE,
    Kind,
    chosen_probe,
    even_draw,
    neighbours_accuracy,
)
from ogan_bench.evaluation.separability.probe_suite import (
    Representation,
    probes_rows,
    representations,
)
from ogan_bench.metrics import METRICS
from ogan_bench.models.base import Encoder, Generator
from ogan_bench.objectives.base import LossTerms, Objective, Pass
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import Subject
from ogan_bench.seeding import generator
from ogan_bench.study.settings import Evaluation

FITTED = sys.modules[chosen_probe.__module__]
ROWS = sys.modules[probes_rows.__module__]


def noise(n: int, d: int, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def classes(n: int, k: int = 4) -> Tensor:
    return torch.arange(n) % k


def codes_of(labels: Tensor, spread: float, seed: int) -> Tensor:
    """A corner for each class, and noise around it."""
    return nn.functional.one_hot(labels, 6).float() + spread * noise(len(labels), 6, seed)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return digits(resolution=8)


def scaled(dataset: Dataset) -> tuple[Tensor, Tensor]:
    x, x_test = (s.images.flatten(1).float() for s in (dataset.train, dataset.test))
    return Representation(lambda: (x, x_test)).scaled


class TestChosenProbe:
    @pytest.mark.parametrize("kind", ["logistic", "svm"])
    def test_separable_and_useless_features(self, kind: Kind) -> None:
        y, y_test = classes(400), classes(2000)
        found = chosen_probe(kind, codes_of(y, 0.05, 0), y, codes_of(y_test, 0.05, 1), y_test, 0)
        assert found.score == 1.0
        useless = chosen_probe(kind, noise(400, 6), y, noise(2000, 6, 1), y_test, 0)
        assert useless.score == pytest.approx(0.25, abs=0.04)

    @pytest.mark.parametrize("kind", ["logistic", "svm"])
    def test_is_scikit_learns_grid_search_on_one_split(self, dataset: Dataset, kind: Kind) -> None:
        x, x_test = (t[:300] for t in scaled(dataset))
        y, y_test = dataset.train.known_labels[:300], dataset.test.known_labels[:300]
        order = torch.randperm(300, generator=generator(3, "evaluation/probes/validation"))
        fold = np.full(300, -1)
        fold[order[: int(300 * VALIDATION_SHARE)]] = 0
        model = LogisticRegression() if kind == "logistic" else LinearSVC(random_state=0)
        fast = {"tol": SWEEP_TOLERANCE, "max_iter": SWEEP_ITERATIONS}
        search = GridSearchCV(
            model.set_params(**fast), {"C": SWEEPS[kind]}, cv=PredefinedSplit(fold), refit=False
        )
        search.fit(x.numpy(), y.numpy())
        found = chosen_probe(kind, x, y, x_test, y_test, 3)
        assert search.best_params_["C"] == found.C
        model.set_params(**search.best_params_, tol=1e-5, max_iter=20_000).fit(x.numpy(), y.numpy())
        expected = model.score(x_test.numpy(), y_test.numpy())
        assert found.score == pytest.approx(expected, abs=0.007)

    def test_test_images_choose_nothing_and_their_order_does_not_matter(self) -> None:
        y, y_test = classes(200), classes(300)
        x, x_test = codes_of(y, 0.7, 0), codes_of(y_test, 0.7, 1)
        found = chosen_probe("logistic", x, y, x_test, y_test, 0)
        other = chosen_probe("logistic", x, y, x_test, 3 - y_test, 0)
        assert other.C == found.C
        assert other.score < found.score
        order = torch.randperm(300, generator=torch.Generator().manual_seed(0))
        again = chosen_probe("logistic", x, y, x_test[order], y_test[order], 0)
        assert again == found

    def test_noise_makes_it_worse(self) -> None:
        y, y_test = classes(400), classes(1000)
        found = [
            chosen_probe("logistic", codes_of(y, s, 0), y, codes_of(y_test, s, 1), y_test, 0).score
            for s in (0.1, 0.4, 0.8, 2.0)
        ]
        assert found == sorted(found, reverse=True)
        assert found[0] == 1.0
        assert found[-1] < 0.6

    def test_balanced_is_scikit_learns_balanced_accuracy(self) -> None:
        y, y_test = ((noise(n, 1, s)[:, 0] > 1.3).long() for n, s in ((600, 0), (900, 1)))
        x, x_test = (0.8 * t[:, None] + noise(len(t), 3, 5) for t in (y, y_test))
        found = chosen_probe("logistic", x, y, x_test, y_test, 0, balanced=True)
        model = LogisticRegression(C=found.C, class_weight="balanced").fit(x.numpy(), y.numpy())
        expected = balanced_accuracy_score(y_test.numpy(), model.predict(x_test.numpy()))
        assert found.score == pytest.approx(expected, abs=0.005)
        assert found.score > 0.6
        # Always "no" is right nine times in ten, and balanced once in two.
        blind = chosen_probe("logistic", 0 * x, y, 0 * x_test, y_test, 0, balanced=True)
        assert blind.score == 0.5

    def test_few_labels_choose_nothing(self) -> None:
        y = classes(40)
        assert chosen_probe("logistic", codes_of(y, 0.1, 0), y, noise(9, 6), classes(9), 0).C == 1

    def test_a_fit_that_stops_early_is_a_fact(self, monkeypatch: pytest.MonkeyPatch) -> None:
        y = classes(200)
        x = codes_of(y, 0.5, 0)
        assert chosen_probe("logistic", x, y, x, y, 0).converged
        monkeypatch.setattr(FITTED, "MAX_ITERATIONS", 1)
        assert not chosen_probe("logistic", x, y, x, y, 0).converged

    def test_what_cannot_be_fitted_is_refused(self) -> None:
        y = torch.zeros(100, dtype=torch.long)
        with pytest.raises(ValueError, match="class"):
            chosen_probe("logistic", noise(100, 3), y, noise(5, 3), y[:5], 0)
        with pytest.raises(ValueError, match="NaN"):
            chosen_probe("svm", noise(100, 3) / 0 * 0, classes(100), noise(5, 3), y[:5], 0)


class TestEvenDraw:
    def test_classes_are_even_and_the_seed_reproduces_it(self) -> None:
        labels = torch.arange(1000).square() % 7
        some = even_draw(labels, 4 * len(labels.unique()), 0)
        assert labels[some].bincount()[labels.unique()].tolist() == [4] * len(labels.unique())
        assert len(some.unique()) == len(some)
        assert torch.equal(some, even_draw(labels, len(some), 0))
        assert not torch.equal(some, even_draw(labels, len(some), 1))
        assert not torch.equal(some, even_draw(labels, len(some), 0, draw=1))

    def test_a_rare_class_gives_all_it_has(self) -> None:
        labels = torch.cat([torch.zeros(50), torch.ones(3), torch.full((50,), 2.0)]).long()
        assert labels[even_draw(labels, 43, 0)].bincount().tolist() == [20, 3, 20]
        everything = even_draw(labels, len(labels), 0)
        assert everything.sort().values.tolist() == list(range(len(labels)))

    def test_fewer_images_are_the_first(self) -> None:
        labels = classes(100)
        assert torch.equal(even_draw(labels, 40, 0)[:20], even_draw(labels, 20, 0))

    def test_what_cannot_be_drawn_is_refused(self) -> None:
        with pytest.raises(ValueError, match="there are 20 labelled images for the probe, not 21"):
            even_draw(classes(20), 21, 0)
        with pytest.raises(ValueError, match="3 labels are fewer than the 4 classes"):
            even_draw(classes(20), 3, 0)


class TestNeighbours:
    def test_are_scikit_learns(self, dataset: Dataset) -> None:
        x, x_test = scaled(dataset)
        y, y_test = dataset.train.known_labels, dataset.test.known_labels
        expected = [
            KNeighborsClassifier(k).fit(x.numpy(), y.numpy()).score(x_test.numpy(), y_test.numpy())
            for k in (1, 5)
        ]
        assert neighbours_accuracy(x, y, x_test, y_test).tolist() == pytest.approx(expected)
        assert min(expected) > 0.95

    def test_equal_votes_go_to_the_first_class(self) -> None:
        x = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0]])
        y = torch.tensor([2, 1, 1, 2, 0])
        found = neighbours_accuracy(x, y, torch.zeros(1, 1), torch.tensor([1]))
        assert found.tolist() == [0, 1]  # the nearest is of class 2; of two twos, 1 comes first

    def test_known_and_useless_images(self) -> None:
        y = classes(1000)
        x = noise(1000, 5)
        assert neighbours_accuracy(x, y, x, y)[0] == 1
        useless = neighbours_accuracy(x, y, noise(2000, 5, 1), classes(2000))
        assert torch.allclose(useless, torch.tensor(0.25).double(), atol=0.04)

    def test_too_few_are_refused(self) -> None:
        with pytest.raises(ValueError, match="4 images are too few"):
            neighbours_accuracy(noise(4, 2), classes(4), noise(4, 2), classes(4))


def test_scaling_is_scikit_learns_and_constant_columns_are_zero() -> None:
    x, x_test = 3 * noise(50, 4) + 7, noise(20, 4, 1)
    x[:, 2], x_test[:, 2] = 5, 6
    found, found_test = Representation(lambda: (x, x_test)).scaled
    model = StandardScaler().fit(x.numpy())
    for ours, theirs in ((found, model.transform(x)), (found_test, model.transform(x_test))):
        keep = [0, 1, 3]
        assert np.allclose(ours[:, keep], theirs[:, keep], atol=1e-5)
        assert (ours[:, 2] == 0).all()


class Untrained(Objective):
    """An objective whose losses nobody asks for."""

    def encoder_loss(self, batch: Pass) -> LossTerms:
        raise NotImplementedError

    def generator_loss(self, batch: Pass) -> LossTerms:
        raise NotImplementedError


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


def subject_of(dataset: Dataset, images: int = 10_000) -> Subject:
    """A trained encoder that keeps the first half of the pixels, an untrained one that mixes."""
    pixels = math.prod(dataset.shape)
    d = max(2, pixels // 2)
    trained = linear_encoder(pixels, torch.eye(pixels)[:d])
    before = linear_encoder(pixels, noise(d, pixels, 9))
    settings = Evaluation.model_validate(
        {"samples": 5, "probe_images": images, "extractors": ["inception"]}
    )
    pair = Autoencoder(Untrained(), trained, Blank(dataset.shape), d)
    return Subject(pair, before, dataset, settings, torch.device("cpu"))


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer draws and a shorter sweep."""
    monkeypatch.setattr(ROWS, "DRAWS", {10: 3, 100: 2, 1000: 1, 10_000: 1})
    monkeypatch.setattr(FITTED, "SWEEPS", {"logistic": (0.1, 1.0), "svm": (0.01, 0.1)})


def rows_of(subject: Subject) -> dict[str, Row]:
    """Without those of z, which need the classifier."""
    rows = {row.metric: row for row in GROUPS["probes"](subject)}
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


def test_rows_and_what_is_kept_of_them(
    dataset: Dataset, empty_cache: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = with_attributes(dataset)
    rows = rows_of(subject_of(known))
    value = {name: row.value or 0 for name, row in rows.items()}
    largest = float(dataset.test.known_labels.bincount().max()) / len(dataset.test)
    for name, row in rows.items():
        assert (row.n_samples, row.split, row.extractor) == (360, "test", None)
        if "_10000" in name:
            assert row.value is None
            assert row.note == "there are 1437 labelled images for the probe, not 10000"
        else:
            assert row.floor == (0.5 if name.startswith("attribute") else largest)
            assert value[name] > row.floor
    for ending in ("", "_untrained", "_pca", "_pixels"):
        accuracies = [value[f"probe_accuracy_{n}{ending}"] for n in (10, 100, 1000)]
        assert accuracies == sorted(accuracies)
    assert "3 draws of labels with a deviation of" in (rows["probe_accuracy_10"].note or "")
    assert (rows["probe_accuracy_1000"].note or "").startswith("C = ")
    assert rows["knn_accuracy_5"].note == "among 1437 training images"
    note = rows["attribute_accuracy_1000"].note or ""
    assert note.startswith("best high 0.")
    assert "worst light 0." in note  # N(.) takes the mean away
    assert note.endswith("too rare and left out: never")

    assert len(list((empty_cache / "probes").glob("*.json"))) == 7 * 3  # without the 10,000 labels

    def refuse(*_: object, **__: object) -> None:
        raise ValueError("fitted again")

    monkeypatch.setattr(ROWS, "chosen_probe", refuse)
    monkeypatch.setattr(ROWS, "neighbours_accuracy", refuse)
    again = rows_of(subject_of(known))
    for name, row in again.items():
        if METRICS[name].better is None:
            assert row == rows[name]
        elif "_10000" not in name:
            assert row.note == "fitted again"


def test_pixels_are_shrunk_and_components_are_as_many_as_the_code_has(dataset: Dataset) -> None:
    images = torch.nn.functional.interpolate(dataset.test.images[:50], scale_factor=8)
    large = Dataset("large", Split(images), Split(images[:9]), (), "none")
    subject = subject_of(large, 20)
    shown = representations(subject)
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
    dataset: Dataset, empty_cache: Path, quick: None
) -> None:
    rows = rows_of(subject_of(with_attributes(dataset), 50))
    assert rows["probe_accuracy_100"].note == "there are 50 labelled images for the probe, not 100"
    assert rows["attribute_accuracy_1000"].note == "there are 50 images for the probe, not 1000"
    assert rows["probe_accuracy_10"].value is not None
    single = dataclasses.replace(
        dataset.train, labels=torch.arange(len(dataset.train)), images=dataset.train.images
    )
    rows = rows_of(subject_of(dataclasses.replace(dataset, train=single), 200))
    for name in ("probe_accuracy_100", "svm_accuracy_1000"):
        assert "200 classes are more than the 100" in (rows[name].note or "")
    assert rows["knn_accuracy_1"].value is not None


def test_points_are_probed_as_they_are(empty_cache: Path, quick: None) -> None:
    centres = torch.tensor([[0.0, 5.0], [5.0, 0.0], [-5.0, -5.0]])

    def split(n: int, seed: int) -> Split:
        labels = classes(n, 3)
        return Split((centres[labels] + 0.1 * noise(n, 2, seed))[:, :, None, None], labels)

    rows = rows_of(subject_of(Dataset("mix", split(300, 0), split(90, 1), ("a", "b", "c"), "none")))
    for ending in ("_pixels", "_pca", "_untrained"):
        assert rows[f"knn_accuracy_1{ending}"].value is not None
    assert rows["probe_accuracy_100_pixels"].value == 1.0
    assert rows["knn_accuracy_5_pixels"].value == 1.0

"""Probes that are fitted: scikit-learn as oracle, even draws, neighbours."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.errors import NoValueError
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
from ogan_bench.evaluation.separability.probe_suite import Representation
from ogan_bench.evaluation.standard_error import of_mean
from ogan_bench.seeding import generator
from tests.oracles.evaluation.separability.labelled_noise import classes, noise
from tests.oracles.evaluation.spread import assert_about_the_spread

FITTED = sys.modules[chosen_probe.__module__]


def codes_of(labels: Tensor, spread: float, seed: int) -> Tensor:
    """A corner for each class, and noise around it."""
    return nn.functional.one_hot(labels, 6).float() + spread * noise(len(labels), 6, seed)


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
        assert (again.score, again.C, again.converged) == (found.score, found.C, found.converged)
        assert torch.equal(again.each, found.each[order])

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
        assert float(found.each.mean()) == pytest.approx(found.score)

    @pytest.mark.parametrize("balanced", [False, True])
    def test_error_is_about_the_spread_over_test_images(self, balanced: bool) -> None:
        y, y_test = ((noise(n, 1, s)[:, 0] > 1).long() for n, s in ((200, 0), (6000, 1)))
        x, x_test = (0.8 * t[:, None] + noise(len(t), 3, 5) for t in (y, y_test))
        sets = zip(x_test.split(150), y_test.split(150), strict=True)
        fits = [chosen_probe("logistic", x, y, *test, 0, balanced=balanced) for test in sets]
        errors = [of_mean(fit.each) or 0 for fit in fits]
        assert_about_the_spread([fit.score for fit in fits], errors, least=0.75, most=1.35)

    def test_few_labels_choose_nothing(self) -> None:
        y = classes(40)
        assert chosen_probe("logistic", codes_of(y, 0.1, 0), y, noise(9, 6), classes(9), 0).C == 1

    def test_a_fit_that_stops_early_is_a_fact(self) -> None:
        y = classes(200)
        x = codes_of(y, 0.5, 0)
        assert chosen_probe("logistic", x, y, x, y, 0).converged
        assert not chosen_probe("logistic", x, y, x, y, 0, iterations=1).converged

    def test_what_cannot_be_fitted_is_refused(self) -> None:
        y = torch.zeros(100, dtype=torch.long)
        with pytest.raises(NoValueError, match="of one class"):
            chosen_probe("logistic", noise(100, 3), y, noise(5, 3), y[:5], 0)
        for x, x_test in ((noise(100, 3) / 0, noise(5, 3)), (noise(100, 3), noise(5, 3) / 0)):
            with pytest.raises(NoValueError, match="not finite"):
                chosen_probe("svm", x, classes(100), x_test, y[:5], 0)

    def test_a_class_whose_only_image_chooses_is_refused(self) -> None:
        """It would be missing from the four fifths that every C is fitted on."""
        order = torch.randperm(100, generator=generator(0, "evaluation/probes/validation"))
        y = torch.zeros(100, dtype=torch.long)
        y[order[0]] = 1
        with pytest.raises(NoValueError, match="of one class"):
            chosen_probe("logistic", noise(100, 3), y, noise(5, 3), y[:5], 0)


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
        with pytest.raises(NoValueError, match="needs 21 labelled images and has 20"):
            even_draw(classes(20), 21, 0)
        with pytest.raises(NoValueError, match="3 labels are fewer than the 4 classes"):
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
        with pytest.raises(NoValueError, match="4 images are too few"):
            neighbours_accuracy(noise(4, 2), classes(4), noise(4, 2), classes(4))

    def test_features_that_are_not_finite_are_refused(self) -> None:
        with pytest.raises(NoValueError, match="not finite"):
            neighbours_accuracy(noise(9, 2), classes(9), noise(4, 2) / 0, classes(4))

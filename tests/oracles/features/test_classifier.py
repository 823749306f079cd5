"""The classifier of a dataset: accuracy, and independence of batches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.sources.fashion_mnist import DEBIAN, fashion_mnist
from ogan_bench.errors import UserError
from ogan_bench.features.classifier import Classifier, dataset_classifier
from ogan_bench.features.extractor import extract
from tests.oracles.features.few_images import images_of

CPU = torch.device("cpu")


class TestClassifier:
    def test_is_accurate_on_digits(self, classifier: Classifier) -> None:
        assert classifier.test_accuracy >= 0.975

    def test_recorded_accuracy_is_that_of_its_logits(
        self, classifier: Classifier, dataset: Dataset
    ) -> None:
        found = extract(classifier, dataset.test.images).logits.argmax(1)
        assert float((found == dataset.test.known_labels).double().mean()) == pytest.approx(
            classifier.test_accuracy
        )

    @pytest.mark.slow
    @pytest.mark.skipif(not DEBIAN.is_dir(), reason="Fashion-MNIST is not installed")
    def test_is_accurate_on_fashion_mnist(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
        assert dataset_classifier(fashion_mnist(), CPU).test_accuracy >= 0.895

    @pytest.mark.parametrize(
        ("channels", "height", "width"),
        [(1, 8, 8), (3, 32, 32), (3, 28, 28), (1, 17, 23), (3, 256, 256)],
    )
    def test_takes_images_of_any_shape(
        self, empty_cache: Path, channels: int, height: int, width: int
    ) -> None:
        small = images_of(12, channels, height, width)
        features = extract(dataset_classifier(small, CPU, min_images=1), small.train.images)
        assert features.features.shape == (12, 64)
        assert features.logits.shape == (12, 3)
        assert features.extractor.startswith(f"classifier:noise-{height}px@")

    def test_without_test_images_there_is_none(self, empty_cache: Path) -> None:
        """Said before it is trained."""
        whole = images_of(12, 1, 8, 8)
        nothing = Split(whole.test.images[:0], whole.test.known_labels[:0])
        with pytest.raises(UserError, match="noise: the test split is empty"):
            dataset_classifier(replace(whole, test=nothing), CPU, min_images=1)
        assert not list(empty_cache.rglob("*.pt"))

    def test_features_do_not_depend_on_batches_or_order(
        self, classifier: Classifier, dataset: Dataset
    ) -> None:
        images = dataset.test.images
        whole = extract(replace(classifier, batch_size=1000), images)
        parts = extract(replace(classifier, batch_size=7), images.flip(0))
        assert torch.allclose(whole.features, parts.features.flip(0), atol=1e-4)
        assert torch.allclose(whole.logits, parts.logits.flip(0), atol=1e-4)

    def test_features_are_of_unit_size(self, classifier: Classifier, dataset: Dataset) -> None:
        features = extract(classifier, dataset.train.images).features
        assert float(features.square().mean()) == pytest.approx(1.0, abs=1e-3)

    def test_logits_are_linear_in_the_features(
        self, classifier: Classifier, dataset: Dataset
    ) -> None:
        found = extract(classifier, dataset.test.images)
        with torch.no_grad():
            assert torch.allclose(classifier.net[-1](found.features), found.logits, atol=1e-4)

    def test_training_is_reproducible_and_leaves_global_state_alone(
        self, empty_cache: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        state, threads = torch.get_rng_state(), torch.get_num_threads()
        first = dataset_classifier(dataset, CPU, min_images=1)
        assert torch.equal(torch.get_rng_state(), state)
        assert torch.get_num_threads() == threads
        monkeypatch.setenv("OGAN_BENCH_CACHE", str(empty_cache / "other"))
        torch.rand(1)
        again = dataset_classifier(dataset, CPU, min_images=1)
        assert again.weights_hash == first.weights_hash

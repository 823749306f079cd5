"""One classifier for three channels: the product rule and the order of classes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.sources.stacked_digits import stacked_digits
from ogan_bench.features.channel_classifier import ChannelClassifier
from ogan_bench.features.ensemble import own_classifiers
from ogan_bench.features.extractor import dataset_features, extract

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return stacked_digits(images=500)


@pytest.fixture
def classifier(dataset: Dataset) -> ChannelClassifier:
    found = own_classifiers(dataset, CPU).members[0]
    assert isinstance(found, ChannelClassifier)
    return found


def test_log_probabilities_are_sums_over_channels(
    classifier: ChannelClassifier, dataset: Dataset
) -> None:
    images = dataset.test.images[:20]
    found = extract(classifier, images)
    assert (found.features.shape, found.logits.shape) == ((20, 192), (20, 1000))
    channels = [extract(classifier.classifier, images[:, [c]]) for c in range(3)]
    p = [channel.logits.softmax(1) for channel in channels]
    for label in (0, 7, 70, 700, 123, 999):
        a, b, c = label // 100, label // 10 % 10, label % 10
        expected = p[0][:, a] * p[1][:, b] * p[2][:, c]
        assert torch.allclose(found.logits[:, label].exp(), expected, rtol=1e-4)
    assert torch.allclose(found.logits.exp().sum(1), torch.ones(20), atol=1e-4)
    assert torch.allclose(found.features[:, 64:128], channels[1].features, atol=1e-5)


def test_recognises_stacked_digits(classifier: ChannelClassifier, dataset: Dataset) -> None:
    found = extract(classifier, dataset.test.images).logits.argmax(1)
    right = float((found == dataset.test.known_labels).double().mean())
    # Three independent digits have to be right.
    assert right == pytest.approx(classifier.test_accuracy**3, abs=0.02)
    assert classifier.test_accuracy >= 0.975


def test_name_says_what_it_is(classifier: ChannelClassifier, dataset: Dataset) -> None:
    assert classifier.name == f"classifier:digits-16px@{classifier.weights_hash[:8]} x3"
    assert extract(classifier, dataset.test.images[:2]).extractor == classifier.name


def test_references_of_two_datasets_with_one_classifier_are_kept_apart(
    classifier: ChannelClassifier, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path))
    assert dataset.channels_of is not None
    plain = dataset_features(classifier.classifier, dataset.channels_of, "train")
    stacked = dataset_features(classifier, dataset, "train")
    assert (plain.features.shape[1], stacked.features.shape[1]) == (64, 192)

"""The ensemble of a dataset's classifiers: its members, its name, and what has none."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split
from ogan_bench.data.sources.mixtures import ring
from ogan_bench.data.sources.stacked_digits import stacked_digits
from ogan_bench.errors import NoValueError
from ogan_bench.features.channel_classifier import ChannelClassifier
from ogan_bench.features.classifier import dataset_classifier
from ogan_bench.features.ensemble import SIZE, SPACE, dataset_classifiers, own_classifiers
from tests.oracles.features.few_images import images_of

CPU = torch.device("cpu")


def test_members_of_an_unknown_dataset_are_trained_from_one_seed_each(empty_cache: Path) -> None:
    small = images_of(24, 1, 8, 8)
    found = dataset_classifiers(small, CPU, min_images=1)
    hashes = [member.weights_hash for member in found.members]
    assert len(set(hashes)) == SIZE
    assert hashes == [
        dataset_classifier(small, CPU, seed, min_images=1).weights_hash for seed in range(SIZE)
    ]
    assert found.name == f"classifier:noise-8px x5@{found.weights_hash[:8]}"
    assert dataset_classifiers(small, CPU, min_images=1).name == found.name
    assert len(list((empty_cache / "classifiers").glob("*.pt"))) == SIZE


def test_the_hash_is_over_all_members(empty_cache: Path) -> None:
    small = images_of(24, 1, 8, 8)
    found = dataset_classifiers(small, CPU, min_images=1)
    others = dataclasses.replace(found, members=(*found.members[:-1], found.members[0]))
    turned = dataclasses.replace(found, members=found.members[::-1])
    assert len({e.weights_hash for e in (found, others, turned)}) == 3


def test_accuracy_is_the_mean_of_the_members(dataset: Dataset) -> None:
    found = dataset_classifiers(dataset, CPU)
    facts = SPACE.facts(found)
    assert facts["classifier_test_accuracies"] == [m.test_accuracy for m in found.members]
    assert facts["classifier_test_accuracy"] == pytest.approx(
        sum(m.test_accuracy for m in found.members) / SIZE
    )


def test_features_are_side_by_side_and_log_probabilities_averaged(dataset: Dataset) -> None:
    found, images = dataset_classifiers(dataset, CPU), dataset.test.images[:10]
    with torch.inference_mode():
        features, logits = found(images)
        each = [member(images) for member in found.members]
    assert features.shape == (10, 64 * SIZE)
    assert torch.equal(features[:, 64:128], each[1][0])
    expected = sum(scores.softmax(1).log() for _, scores in each) / SIZE
    assert torch.allclose(logits, torch.as_tensor(expected), atol=1e-4)


def test_stacked_images_have_the_members_of_one_channel(dataset: Dataset) -> None:
    stacked = own_classifiers(stacked_digits(images=10), CPU)
    single = own_classifiers(dataset, CPU)
    assert stacked.name == f"{single.name} x3"
    assert all(isinstance(member, ChannelClassifier) for member in stacked.members)
    assert stacked.weights_hash == single.weights_hash


def test_points_and_unlabelled_images_have_none(dataset: Dataset) -> None:
    bare = dataclasses.replace(
        dataset, train=Split(dataset.train.images), test=Split(dataset.test.images), classes=()
    )
    with pytest.raises(NoValueError, match="no labels"):
        own_classifiers(bare, CPU)
    with pytest.raises(NoValueError, match="not for points"):
        SPACE.extractor(ring(), CPU)

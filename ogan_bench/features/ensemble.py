"""Several classifiers of a dataset: the feature space that needs no download.

A conclusion must not rest on one classifier's random initial weights, so everything is measured in
each member and averaged. Distances are comparable only between trials that share the dataset and
the weights; the ensemble's name includes the hash of both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.errors import NoValueError
from ogan_bench.features.cache import content_key
from ogan_bench.features.channel_classifier import ChannelClassifier
from ogan_bench.features.classifier import (
    MIN_IMAGES,
    Classifier,
    dataset_classifier,
    former_training_key,
    label,
    training_key,
)
from ogan_bench.features.feature_space import FeatureSpace
from ogan_bench.features.shipped_classifiers import shipped_classifiers
from ogan_bench.features.stored_classifiers import stored_classifiers

SIZE = 5
"""Number of classifiers, with the training seeds 0 to 4."""

Member = TypeVar("Member", Classifier, ChannelClassifier)


@dataclass(frozen=True)
class Ensemble(Generic[Member]):
    """Extractors of one kind and one dataset, which differ in their weights.

    Args:
        members: In the order of their training seeds.
        name: ``classifier:<dataset>-<resolution>px x<members>@<hash>``, then `` x<channels>`` if
            they are applied to every channel.
    """

    members: tuple[Member, ...]
    name: str

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the members' hashes."""
        return _digest(self.members)

    @property
    def test_accuracy(self) -> float:
        """Mean of the members' test accuracies."""
        return sum(self.test_accuracies) / len(self.members)

    @property
    def test_accuracies(self) -> list[float]:
        """Each member's test accuracy."""
        return [member.test_accuracy for member in self.members]

    @property
    def device(self) -> torch.device:
        """Where they compute."""
        return self.members[0].device

    @property
    def batch_size(self) -> int:
        """Images per forward pass."""
        return self.members[0].batch_size

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 ``(n, c, h, w)`` to all members' features side by side and mean log-probabilities.

        Metrics are not measured in this space but in each member's.
        """
        features, logits = zip(*(member(images) for member in self.members), strict=True)
        log_p = torch.stack([scores.log_softmax(1) for scores in logits])
        return torch.cat(features, dim=1), log_p.mean(0)


def dataset_classifiers(
    dataset: Dataset,
    device: torch.device,
    folder: Path | None = None,
    *,
    min_images: int = MIN_IMAGES,
) -> Ensemble[Classifier]:
    """The ensemble of a dataset, from the first of these places that has it.

    1. The package, so that results of different machines can be compared.
    2. The folder that belongs to the results. What is not there yet is stored there.
    3. The cache. What is not there either is trained.

    Args:
        dataset: With labels. Only classifiers of exactly its training images are used.
        device: Where to train and to compute.
        folder: Of the classifiers that belong to the results; ``None``: there is none.
        min_images: As in :func:`~ogan_bench.features.classifier.dataset_classifier`.

    Raises:
        UserError: The cache folder cannot be written, or the file in the folder cannot be written
            or is damaged.
    """

    def trained() -> list[Classifier]:
        return [
            dataset_classifier(dataset, device, seed, min_images=min_images) for seed in range(SIZE)
        ]

    if shipped := shipped_classifiers(dataset, device):
        members = shipped
    elif folder is None:
        members = trained()
    else:

        def path_by(key: Callable[[Dataset, int, int], str]) -> Path:
            keys = [key(dataset, seed, min_images) for seed in range(SIZE)]
            return folder / f"{content_key({'members': keys})}.safetensors"

        path, former = path_by(training_key), path_by(former_training_key)
        kept = former if former.exists() and not path.exists() else path
        members = stored_classifiers(kept, dataset, device, trained)
    name = f"{label(dataset)} x{len(members)}@{_digest(members)[:8]}"
    return Ensemble(tuple(members), name)


def own_classifiers(
    dataset: Dataset, device: torch.device, folder: Path | None = None
) -> Ensemble[Classifier] | Ensemble[ChannelClassifier]:
    """The classifiers in whose features a dataset of images is measured.

    Raises:
        NoValueError: The dataset has no labels.
        UserError: As of :func:`dataset_classifiers`.
    """
    if dataset.train.labels is None or dataset.test.labels is None:
        raise NoValueError("the dataset has no labels to train a classifier on")
    if dataset.channels_of is None:
        return dataset_classifiers(dataset, device, folder)
    of_channels = dataset_classifiers(dataset.channels_of, device, folder)
    channels = dataset.shape.channels
    members = tuple(ChannelClassifier(member, channels) for member in of_channels.members)
    return Ensemble(members, f"{of_channels.name} x{channels}")


def _digest(members: Sequence[Member]) -> str:
    return hashlib.sha256("".join(member.weights_hash for member in members).encode()).hexdigest()


def _facts(
    ensemble: Ensemble[Classifier] | Ensemble[ChannelClassifier],
) -> dict[str, float | list[float]]:
    return {
        "classifier_test_accuracy": ensemble.test_accuracy,
        "classifier_test_accuracies": ensemble.test_accuracies,
    }


SPACE: FeatureSpace[Ensemble[Classifier] | Ensemble[ChannelClassifier]] = FeatureSpace(
    title="the dataset's classifiers",
    load=own_classifiers,
    weights=lambda: "shipped for digits and Fashion-MNIST, trained on the labels of other datasets",
    label=label,
    facts=_facts,
)

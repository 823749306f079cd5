"""Trains the classifiers that come with this package.

``python -m ogan_bench.features.ship_classifiers``, to be run when the data or the
training change. Numbers measured with other weights cannot be compared with new ones.
"""

from __future__ import annotations

import torch

from ogan_bench.data import Dataset
from ogan_bench.data.sources.digits import digits
from ogan_bench.data.sources.fashion_mnist import fashion_mnist
from ogan_bench.features.classifier import (
    Classifier,
    accuracy,
    dataset_classifier,
    with_weights,
)
from ogan_bench.features.classifier_files import ClassifierFile
from ogan_bench.features.ensemble import SIZE
from ogan_bench.features.shipped_classifiers import FOLDER
from ogan_bench.files import write_bytes

CPU = torch.device("cpu")


def rounded(classifier: Classifier, dataset: Dataset) -> Classifier:
    """The classifier with weights that float16 represents, and its accuracy with these."""
    weights = {name: t.half().float() for name, t in classifier.net.state_dict().items()}
    known = with_weights(dataset, weights, 0.0, CPU)
    return with_weights(dataset, weights, accuracy(known.net, dataset.test, CPU), CPU)


def ship(dataset: Dataset) -> None:
    """Train the classifiers of a dataset and write them into the package."""
    trained = {
        seed: rounded(dataset_classifier(dataset, CPU, seed), dataset) for seed in range(SIZE)
    }
    path = FOLDER / f"{dataset.name}-{dataset.shape.height}.safetensors"
    write_bytes(path, ClassifierFile.of(dataset, trained, torch.float16).content())
    accuracies = ", ".join(f"{c.test_accuracy:.4f}" for c in trained.values())
    print(f"{path.name}: test accuracy {accuracies}")  # noqa: T201


if __name__ == "__main__":
    for shipped in (digits(resolution=16), fashion_mnist(resolution=32)):
        ship(shipped)

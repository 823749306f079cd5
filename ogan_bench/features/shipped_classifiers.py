"""Classifiers that come with this package, so that results of different machines can be compared.

Training ends with other weights on another make of processor; stored weights do not. There is one
file per dataset in ``weights/``, with the weights of all classifiers in float16. They compute in
float32. :mod:`ogan_bench.features.ship_classifiers` makes the files.
"""

from __future__ import annotations

import functools
from pathlib import Path

import torch

from ogan_bench.data import Dataset
from ogan_bench.features.classifier import Classifier
from ogan_bench.features.classifier_files import ClassifierFile, dataset_hash

FOLDER = Path(__file__).parent / "weights"


def shipped_classifiers(dataset: Dataset, device: torch.device) -> list[Classifier]:
    """The shipped classifiers of exactly these images and labels, by training seed; often none.

    Args:
        dataset: With labels.
        device: Where they compute.
    """
    path = _files().get(dataset.hash)
    return [] if path is None else ClassifierFile.read(path).classifiers(dataset, device)


@functools.cache
def _files() -> dict[str, Path]:
    """Hash of a dataset to the file of its classifiers."""
    return {dataset_hash(path): path for path in sorted(FOLDER.glob("*.safetensors"))}

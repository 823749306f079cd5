"""Maps images to points in a feature space, with any extractor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.features.cache import Entry, cached_tensors, content_key

VERSION = 1
"""Increment when the computation of features from images changes."""


@dataclass(frozen=True)
class Features:
    """Features and class scores of ``n`` images, on the CPU.

    Args:
        features: float32, shape ``(n, k)``.
        logits: Unnormalised log-probabilities of classes, float32, shape ``(n, classes)``;
            no columns in a space without classes.
        extractor: Name of the feature space, with the hash of its weights.
    """

    features: Tensor
    logits: Tensor
    extractor: str

    def __len__(self) -> int:
        return len(self.features)

    def rows(self, indices: Tensor) -> Features:
        """Those of some of the images, shape ``(m,)``."""
        return replace(self, features=self.features[indices], logits=self.logits[indices])


class Extractor(Protocol):
    """A fixed function from uint8 images to features and logits."""

    @property
    def name(self) -> str:
        """Name of the feature space with 8 hexadecimal digits of the hash of its weights."""

    @property
    def weights_hash(self) -> str:
        """SHA-256 of the weights."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def batch_size(self) -> int:
        """Images per forward pass."""

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 ``(n, c, h, w)`` to features ``(n, k)`` and logits ``(n, classes)``."""


def extract(extractor: Extractor, images: Tensor) -> Features:
    """Features of uint8 images ``(n, c, h, w)``, batch by batch."""
    with torch.inference_mode():
        batches = images.split(extractor.batch_size)
        pairs = [extractor(batch.to(extractor.device)) for batch in batches]
        features = torch.cat([pair[0].float().cpu() for pair in pairs])
        logits = torch.cat([pair[1].float().cpu() for pair in pairs])
    return Features(features, logits, extractor.name)


def dataset_features(
    extractor: Extractor, dataset: Dataset, of: Literal["train", "test"]
) -> Features:
    """Features of all images of a split, kept in the cache.

    All trials on a dataset share them, and 60,000 images take seconds even with a small net.
    """

    def compute() -> Entry:
        computed = extract(extractor, (dataset.train if of == "train" else dataset.test).images)
        tensors = {"features": computed.features, "logits": computed.logits}
        return Entry(tensors, {"extractor": extractor.name, "dataset": dataset.name})

    parts = {
        "data": dataset.hash,
        "extractor": extractor.name,
        "weights": extractor.weights_hash,
        "version": VERSION,
    }
    if of == "test":
        parts["split"] = of
    tensors = cached_tensors("features", content_key(parts), compute).tensors
    return Features(tensors["features"], tensors["logits"], extractor.name)

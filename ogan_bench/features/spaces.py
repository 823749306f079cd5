"""Feature spaces by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from ogan_bench.data import Dataset
from ogan_bench.features import efficientnet, inception
from ogan_bench.features.channel_classifier import own_classifier
from ogan_bench.features.clip import CLIP, clip
from ogan_bench.features.dinov2 import DINOV2, dinov2
from ogan_bench.features.extractor import Extractor


def _inception(dataset: Dataset, device: torch.device) -> Extractor:
    _refuse_points(dataset, "Inception-v3")
    return inception.inception(device)


def _dinov2(dataset: Dataset, device: torch.device) -> Extractor:
    _refuse_points(dataset, "DINOv2")
    return dinov2(device)


def _clip(dataset: Dataset, device: torch.device) -> Extractor:
    _refuse_points(dataset, "CLIP")
    return clip(device)


def _efficientnet_lite0(dataset: Dataset, device: torch.device) -> Extractor:
    _refuse_points(dataset, "EfficientNet-Lite0")
    return efficientnet.efficientnet_lite0(dataset.shape.height, dataset.shape.width, device)


def _refuse_points(dataset: Dataset, title: str) -> None:
    if dataset.is_points:
        raise ValueError(f"{title} is for images, not for points")


EXTRACTORS: dict[str, Callable[[Dataset, torch.device], Extractor]] = {
    "classifier": own_classifier,
    "inception": _inception,
    "dinov2": _dinov2,
    "clip": _clip,
    "efficientnet_lite0": _efficientnet_lite0,
}
"""Each gives the extractor, or raises ``ValueError`` that says why there is none."""

WEIGHTS: dict[str, Callable[[], Path]] = {
    "inception": inception.weights_path,
    "dinov2": DINOV2.folder,
    "clip": CLIP.folder,
    "efficientnet_lite0": efficientnet.weights_path,
}
"""Where published weights lie, or ``ValueError`` that says how to get them."""

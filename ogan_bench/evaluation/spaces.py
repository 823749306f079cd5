"""Feature spaces by name."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ogan_bench.data import Dataset
from ogan_bench.evaluation.channels import own_classifier
from ogan_bench.evaluation.features import Extractor
from ogan_bench.evaluation.inception import inception


def _inception(dataset: Dataset, device: torch.device) -> Extractor:
    if dataset.is_points:
        raise ValueError("Inception-v3 is for images, not for points")
    return inception(device)


SPACES: dict[str, Callable[[Dataset, torch.device], Extractor]] = {
    "classifier": own_classifier,
    "inception": _inception,
}
"""Each gives the extractor, or raises ``ValueError`` that says why there is none."""

"""Description of a feature space; each extractor's module ends with its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch

from ogan_bench.data import Dataset
from ogan_bench.errors import NoValueError
from ogan_bench.features.extractor import Extractor

E = TypeVar("E", bound=Extractor)


@dataclass(frozen=True)
class FeatureSpace(Generic[E]):
    """How to load the extractor of a feature space, and how to report on it.

    Its title in tables and its description in definitions are in
    :data:`~ogan_bench.metrics.feature_spaces.SPACES`, which needs no torch.

    Args:
        title: Name of the net in messages.
        load: Loads the extractor for a dataset of images, on a device; the third argument is that
            of :meth:`extractor`. ``NoValueError`` says why there is none.
        weights: Where the weights are, for ``ogan-bench doctor``; ``NoValueError`` says how to
            get them.
        label: Name of the space in rows if its extractor is unavailable.
        variable: Environment variable with the path of the weights, if the user provides them.
        warning: Start of the notes of all rows, if anything is wrong with an extractor.
        facts: What a result states about an extractor besides its name.
    """

    title: str
    load: Callable[[Dataset, torch.device, Path | None], E]
    weights: Callable[[], Path | str]
    label: Callable[[Dataset], str]
    variable: str | None = None
    warning: Callable[[E], str | None] = lambda extractor: None
    facts: Callable[[E], Mapping[str, float | list[float]]] = lambda extractor: {}

    def extractor(
        self, dataset: Dataset, device: torch.device, classifiers: Path | None = None
    ) -> E:
        """The extractor for a dataset.

        Args:
            dataset: What is measured.
            device: Where to compute.
            classifiers: Folder of the classifiers that belong to the results; ``None``: there is
                none. Only a space whose nets are trained here uses it.

        Raises:
            NoValueError: The dataset has points instead of images, or :attr:`load` says why there
                is none.
        """
        if dataset.is_points:
            raise NoValueError(f"{self.title} is for images, not for points")
        return self.load(dataset, device, classifiers)

"""What is measured: a trained pair, its data, and all that is computed from them once."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from ogan_bench.config import Evaluation
from ogan_bench.data import Dataset
from ogan_bench.data.base import to_uint8
from ogan_bench.evaluation.features import Extractor, Features, extract, reference_features
from ogan_bench.evaluation.sampling import (
    Autoencoder,
    Pairs,
    Samples,
    chosen_projection,
    draw_samples,
    under_test,
)
from ogan_bench.evaluation.spaces import SPACES
from ogan_bench.models.base import Encoder

Of = Literal["generated", "train", "test", "reconstructions", "swapped"]
"""Generated images; real ones; reconstructions of the test images, also under other labels."""

ROUTES = {"standardise": "N(E(x))", "sphere": "√d E(x)/‖E(x)‖", "none": "E(x)"}
"""How notes write the projection of a code."""


class Subject:
    """A trained pair under test; samples and features are made when first asked for, and once.

    Args:
        autoencoder: E and G; left as they are, like the other net.
        untrained_encoder: E as it was initialised.
        dataset: What the pair was trained on.
        settings: What to measure.
        device: Where to compute.
        folder: Where pictures go; ``None``: nowhere.
    """

    def __init__(
        self,
        autoencoder: Autoencoder,
        untrained_encoder: Encoder,
        dataset: Dataset,
        settings: Evaluation,
        device: torch.device,
        folder: Path | None = None,
    ) -> None:
        self.dataset = dataset
        self.settings = settings
        self.device = device
        self.folder = folder
        self.pairs: Pairs = under_test(autoencoder, untrained_encoder, dataset, settings, device)
        self._extractors: dict[str, Extractor] = {}
        self._features: dict[tuple[str, Of], Features] = {}

    @functools.cached_property
    def samples(self) -> Samples:
        """Images, codes and reconstructions, on the CPU.

        Raises:
            NonFiniteError: A net gives values that are not finite.
        """
        return draw_samples(self.pairs, self.dataset, self.settings, self.device)

    @property
    def route(self) -> str:
        """How test images come back by the objective's own way, ``G(t · P(E(x)))``."""
        chosen = chosen_projection(self.pairs.trained.objective, self.settings)
        return f"G({self.settings.temperature:g} · {ROUTES[chosen]})"

    def extractor(self, space: str) -> Extractor:
        """The extractor of a feature space.

        Raises:
            ValueError: There is none for this dataset, or its weights are not there.
        """
        if space not in self._extractors:
            self._extractors[space] = SPACES[space](self.dataset, self.device)
        return self._extractors[space]

    def features(self, space: str, of: Of) -> Features:
        """Features of images in a space.

        Raises:
            ValueError: As :meth:`extractor`; or there are no such images.
        """
        if (space, of) not in self._features:
            extractor = self.extractor(space)
            if of == "train":
                made = reference_features(extractor, self.dataset)
            else:
                made = extract(extractor, self._images(of))
            self._features[space, of] = made
        return self._features[space, of]

    def _images(self, of: Of) -> Tensor:
        samples = self.samples
        if of == "generated":
            return samples.images
        if of == "reconstructions":
            return to_uint8(samples.own_reconstructions)
        if of == "swapped":
            if samples.swapped is None:
                raise ValueError("the generator is not conditional")
            return to_uint8(samples.swapped)
        return self.dataset.test.images

"""Images and a dataset, or a trained pair and everything computed with it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_uint8
from ogan_bench.features.extractor import Extractor, Features, extract, reference_features
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.models.base import Encoder
from ogan_bench.sampling.autoencoder import (
    PROJECTIONS,
    Autoencoder,
    chosen_projection,
    require_finite,
)
from ogan_bench.sampling.samples import (
    BATCH_SIZE,
    NetsUnderTest,
    Samples,
    batches_of,
    draw_samples,
    freeze_for_evaluation,
    map_batches,
)
from ogan_bench.study.settings import Evaluation

Of = Literal["generated", "train", "test", "reconstructions", "swapped"]
"""Generated images; the real ones they are compared with (those trained on); the test images; and
reconstructions of the test images, also with other labels."""


ROUTES = {"standardise": "N(E(x))", "sphere": "√d E(x)/‖E(x)‖", "none": "E(x)"}
"""Formulas for the projected code in notes."""


class ImageContext:
    """Generated images and the dataset they should resemble; features are computed once.

    Args:
        dataset: What the images are compared with.
        settings: What to measure.
        device: Where to compute.
        folder: Where to write pictures; ``None``: nowhere.
        generated: uint8 images like those of the dataset, shape ``(n, c, h, w)``, or points.
        reference: Real images to compare generated ones with; ``None``: the training images.
    """

    def __init__(
        self,
        dataset: Dataset,
        settings: Evaluation,
        device: torch.device,
        folder: Path | None = None,
        *,
        generated: Tensor | None = None,
        reference: Split | None = None,
    ) -> None:
        self.dataset = dataset
        self.settings = settings
        self.device = device
        self.folder = folder
        self.reference = dataset.train if reference is None else reference
        self._generated = generated
        self._extractors: dict[str, Extractor] = {}
        self._features: dict[tuple[str, Of], Features] = {}

    def images(self, of: Of) -> Tensor:
        """Images as stored in the dataset, shape ``(n, c, h, w)``.

        Raises:
            ValueError: There are none of that kind.
        """
        if of in ("train", "test"):
            return (self.reference if of == "train" else self.dataset.test).images
        if of == "generated" and self._generated is not None:
            return self._generated
        raise ValueError(f"there are no {of} images")

    def extractor(self, space: str) -> Extractor:
        """The extractor of a feature space.

        Raises:
            ValueError: There is none for this dataset, or its weights are missing.
        """
        if space not in self._extractors:
            self._extractors[space] = FEATURE_SPACES[space].extractor(self.dataset, self.device)
        return self._extractors[space]

    def features(self, space: str, of: Of) -> Features:
        """Features of images in a space.

        Raises:
            ValueError: As :meth:`extractor` and :meth:`images`.
        """
        if (space, of) not in self._features:
            extractor = self.extractor(space)
            if of == "train" and self.reference is self.dataset.train:
                made = reference_features(extractor, self.dataset)
            else:
                made = extract(extractor, self.images(of))
            self._features[space, of] = made
        return self._features[space, of]


class ModelContext(ImageContext):
    """A trained pair under test; generated and reconstructed images are computed once.

    Args:
        autoencoder: E and G; not modified, nor is the untrained encoder.
        untrained_encoder: E at initialisation.
        dataset: What the pair was trained on.
        settings: What to measure.
        device: Where to compute.
        folder: Where to write pictures; ``None``: nowhere.
        progress: Fraction of training completed.
        reference: Real images to compare generated ones with; ``None``: the training images.
    """

    def __init__(
        self,
        autoencoder: Autoencoder,
        untrained_encoder: Encoder,
        dataset: Dataset,
        settings: Evaluation,
        device: torch.device,
        folder: Path | None = None,
        progress: float = 1.0,
        reference: Split | None = None,
    ) -> None:
        super().__init__(dataset, settings, device, folder, reference=reference)
        self.autoencoder = autoencoder
        self.progress = progress
        self.nets: NetsUnderTest = freeze_for_evaluation(
            autoencoder, untrained_encoder, dataset, settings, device
        )

    @functools.cached_property
    def samples(self) -> Samples:
        """Images, codes and reconstructions, on the CPU.

        Raises:
            NonFiniteError: A net outputs values that are not finite.
        """
        return draw_samples(self.nets, self.dataset, self.settings, self.device)

    @property
    def formula(self) -> str:
        """Formula of the objective's own reconstruction, ``G(t · P(E(x)))``."""
        chosen = chosen_projection(self.nets.trained.objective, self.settings)
        return f"G({self.settings.temperature:g} · {ROUTES[chosen]})"

    def images(self, of: Of) -> Tensor:
        if of == "generated":
            return self.samples.images
        if of == "reconstructions":
            return to_uint8(self.samples.own_reconstructions)
        if of == "swapped":
            if self.samples.swapped is None:
                raise ValueError("the generator is not conditional")
            return to_uint8(self.samples.swapped)
        return super().images(of)


def project(context: ModelContext, codes: Tensor) -> Tensor:
    """P(code), with the projection of autoencoding.

    Args:
        context: Its objective or settings choose P.
        codes: Raw codes, shape ``(n, d)``.
    """
    chosen = chosen_projection(context.nets.trained.objective, context.settings)
    return PROJECTIONS[chosen](codes)


def decode(context: ModelContext, codes: Tensor, labels: Tensor | None) -> Tensor:
    """G(code): images in [-1, 1], or points, shape ``(n, c, h, w)``.

    Args:
        context: Provides G.
        codes: Passed to G unchanged, shape ``(n, d)``.
        labels: Classes to decode with, shape ``(n,)``; ignored by an unconditional G.

    Raises:
        NonFiniteError: G outputs values that are not finite.
    """
    with torch.no_grad():
        (images,) = map_batches(
            lambda code, classes: (context.nets.trained.decode(code, classes),),
            (codes, labels),
            batches_of(len(codes), "mixed", BATCH_SIZE, context.settings.seed),
            context.device,
        )
    return require_finite(images, "the generator")


def autoencode(
    context: ModelContext, codes: Tensor, labels: Tensor | None, temperature: float | None = None
) -> Tensor:
    """G(t · P(code)), the objective's own reconstruction.

    Args:
        context: Provides G.
        codes: Raw codes, shape ``(n, d)``.
        labels: As for :func:`decode`.
        temperature: t; ``None``: that of the settings.
    """
    t = context.settings.temperature if temperature is None else temperature
    return decode(context, t * project(context, codes), labels)


def encode(context: ModelContext, images: Tensor) -> Tensor:
    """E(x): raw codes, shape ``(n, d)``.

    Args:
        context: Provides the trained E, with the batch-norm statistics of the settings.
        images: Images in [-1, 1], or points, shape ``(n, c, h, w)``.

    Raises:
        NonFiniteError: E outputs values that are not finite.
    """
    policy, seed = context.settings.encoder_statistics, context.settings.seed
    with torch.no_grad():
        (codes,) = map_batches(
            lambda x: (context.nets.trained.encode(x),),
            (images,),
            batches_of(len(images), policy, BATCH_SIZE, seed),
            context.device,
        )
    return require_finite(codes, "the encoder")

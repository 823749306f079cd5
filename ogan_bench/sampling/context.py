"""Images and a dataset, or a trained pair and everything computed with it."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_uint8
from ogan_bench.features.ensemble import Ensemble
from ogan_bench.features.extractor import Extractor, Features, dataset_features, extract
from ogan_bench.features.spaces import FEATURE_SPACES
from ogan_bench.sampling.autoencoder import Autoencoder, chosen_projection
from ogan_bench.sampling.forward import decode_codes, encode_images
from ogan_bench.sampling.samples import Samples, draw_samples, freeze_for_evaluation
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.settings import Evaluation

T = TypeVar("T")

Of = Literal["generated", "reference", "train", "test", "reconstructions", "swapped"]
"""Generated images; the real ones they are compared with; the training and the test images; and
reconstructions of the test images, also with other labels."""


ROUTES = {
    "standardise": "N(E(x))",
    "centre": "E(x) - avg E(x)",
    "sphere": "√d E(x)/‖E(x)‖",
    "none": "E(x)",
}
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
        classifiers: Folder of the classifiers that belong to the results; ``None``: there is none.
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
        classifiers: Path | None = None,
    ) -> None:
        self.dataset = dataset
        self.settings = settings
        self.device = device
        self.folder = folder
        self.reference = dataset.train if reference is None else reference
        self._generated = generated
        self._classifiers = classifiers
        self._extractors: dict[str, Extractor] = {}
        self._features: dict[tuple[str, Of], Features] = {}
        self._once: dict[str, Any] = {}
        self._of_members: dict[str, tuple[dict[tuple[str, Of], Features], dict[str, Any]]] = {}
        self.is_part = False
        """Whether nothing that is computed from these images will be needed again."""

    def part(self, generated: Tensor, reference: Tensor) -> Self:
        """Some of the generated and of the training images, with the features known so far.

        The training images must be what generated ones are compared with. Test images stay, unless
        they are the training images.

        Args:
            generated: Indices of generated images, on the CPU, shape ``(n,)``.
            reference: Indices of training images, on the CPU, shape ``(m,)``.
        """
        whole = self.dataset
        train = whole.train.part(reference)
        trained_on = whole.trained_on
        if trained_on is not None:
            trained_on = torch.isin(reference, trained_on).nonzero()[:, 0]
        chosen: dict[Of, Tensor] = {"generated": generated, "train": reference}
        chosen["reference"] = reference
        if not whole.is_split:
            chosen["test"] = reference

        def rows(known: Mapping[tuple[str, Of], Features]) -> dict[tuple[str, Of], Features]:
            return {
                (space, of): features.rows(chosen[of]) if of in chosen else features
                for (space, of), features in known.items()
            }

        context = copy.copy(self)
        context.is_part = True
        context.dataset = dataclasses.replace(
            whole, train=train, test=whole.test if whole.is_split else train, trained_on=trained_on
        )
        context.reference = train
        context._generated = self.images("generated")[generated]
        context._features, context._once = rows(self._features), {}
        context._of_members = {
            name: (rows(known), {}) for name, (known, _) in self._of_members.items()
        }
        return context

    @property
    def reference_split(self) -> str:
        """What rows call the images that generated ones are compared with.

        The split of the dataset that they are; ``reference`` if they are none, as files given for
        a dataset.
        """
        dataset = self.dataset
        if dataset.is_split and self.reference is dataset.train:
            return "train"
        return "test" if dataset.is_split and self.reference is dataset.test else "reference"

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several metrics share, made for the first of them and then kept."""
        if name not in self._once:
            self._once[name] = make()
        kept: T = self._once[name]
        return kept

    def images(self, of: Of) -> Tensor:
        """Images as stored in the dataset, shape ``(n, c, h, w)``.

        Raises:
            ValueError: There are none of that kind.
        """
        if of == "reference":
            return self.reference.images
        if of in ("train", "test"):
            return (self.dataset.train if of == "train" else self.dataset.test).images
        if of == "generated" and self._generated is not None:
            return self._generated
        raise ValueError(f"there are no {of} images")

    def extractor(self, space: str) -> Extractor:
        """The extractor of a feature space.

        Raises:
            NoValueError: There is none for this dataset, or its weights are missing.
            UserError: A file of classifiers is damaged or cannot be written.
        """
        if space not in self._extractors:
            self._extractors[space] = FEATURE_SPACES[space].extractor(
                self.dataset, self.device, self._classifiers
            )
        return self._extractors[space]

    def members(self, space: str) -> list[Self]:
        """Contexts with the same images and one extractor each of a space's ensemble.

        Only the first one has a folder, so pictures are drawn once. A space with a single extractor
        has this context alone.

        Raises:
            NoValueError: As :meth:`extractor`.
        """
        ensemble = self.extractor(space)
        if not isinstance(ensemble, Ensemble):
            return [self]
        contexts: list[Self] = []
        for member in ensemble.members:
            context = copy.copy(self)
            context._extractors = {**self._extractors, space: member}
            context._features, context._once = self._of_members.setdefault(member.name, ({}, {}))
            context.folder = None if contexts else self.folder
            contexts.append(context)
        return contexts

    def features(self, space: str, of: Of) -> Features:
        """Features of images in a space.

        Raises:
            NoValueError: As :meth:`extractor`.
            ValueError: As :meth:`images`.
        """
        if (space, of) not in self._features:
            self._features[space, of] = self._extracted(space, of)
        return self._features[space, of]

    def _extracted(self, space: str, of: Of) -> Features:
        extractor, dataset = self.extractor(space), self.dataset
        if of == "train" or of == "test":
            return dataset_features(extractor, dataset, of)
        if of == "reference" and self.reference is dataset.train:
            return self.features(space, "train")
        if of == "reference" and self.reference is dataset.test:
            return self.features(space, "test")
        return extract(extractor, self.images(of))


class ModelContext(ImageContext):
    """A trained pair under test; generated and reconstructed images are computed once.

    Args:
        autoencoder: E and G; not modified.
        untrained: E before training.
        dataset: What the pair was trained on.
        settings: What to measure.
        device: Where to compute.
        folder: Where to write pictures; ``None``: nowhere.
        progress: Fraction of training completed.
        reference: Real images to compare generated ones with; ``None``: the training images.
        classifiers: Folder of the classifiers that belong to the results; ``None``: there is none.
    """

    def __init__(
        self,
        autoencoder: Autoencoder,
        untrained: UntrainedEncoder,
        dataset: Dataset,
        settings: Evaluation,
        device: torch.device,
        folder: Path | None = None,
        progress: float = 1.0,
        reference: Split | None = None,
        classifiers: Path | None = None,
    ) -> None:
        super().__init__(
            dataset, settings, device, folder, reference=reference, classifiers=classifiers
        )
        self.autoencoder = autoencoder
        self.progress = progress
        self.untrained = untrained
        self.trained = freeze_for_evaluation(autoencoder, dataset, settings, device)
        """The copy that is measured."""

    @functools.cached_property
    def samples(self) -> Samples:
        """Images, codes and reconstructions, on the CPU.

        Raises:
            NonFiniteError: A net outputs values that are not finite.
        """
        return draw_samples(self.trained, self.untrained, self.dataset, self.settings, self.device)

    def members(self, space: str) -> list[Self]:
        if isinstance(self.extractor(space), Ensemble):
            self.samples  # noqa: B018 - drawn once, for all members
        return super().members(space)

    def measured_again(self, settings: Evaluation, folder: Path | None) -> ModelContext:
        """The same pair with the same samples and features, for other groups of metrics.

        Args:
            settings: May differ from those of this context in the groups only.
            folder: Where to write pictures; ``None``: nowhere.
        """
        other = copy.copy(self)
        other.settings, other.folder = settings, folder
        return other

    @property
    def formula(self) -> str:
        """Formula of the objective's own reconstruction, ``G(t · P(E(x)))``."""
        chosen = chosen_projection(self.trained.objective, self.settings)
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
    objective = context.trained.objective
    return objective.project(codes, chosen_projection(objective, context.settings))


def decode(context: ModelContext, codes: Tensor, labels: Tensor | None) -> Tensor:
    """G(code): images in [-1, 1], or points, shape ``(n, c, h, w)``.

    Args:
        context: Provides G.
        codes: Passed to G unchanged, shape ``(n, d)``.
        labels: Classes to decode with, shape ``(n,)``; ignored by an unconditional G.

    Raises:
        NonFiniteError: G outputs values that are not finite.
    """
    return decode_codes(context.trained, codes, labels, context.device)


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
    """E(x) of images that G has made: raw codes, shape ``(n, d)``.

    Args:
        context: Provides the trained E, with the batch-norm statistics of the settings.
        images: Made by G, in [-1, 1], or points, shape ``(n, c, h, w)``.

    Raises:
        NonFiniteError: E outputs values that are not finite.
    """
    settings = context.settings
    return encode_images(
        context.trained,
        images,
        settings.encoder_statistics,
        context.device,
        settings.seed,
        of="generated",
    )

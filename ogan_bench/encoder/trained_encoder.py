"""A trained encoder with its generator: images to codes, codes to images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ogan_bench.data.base import to_uint8
from ogan_bench.data.prepared.decoding import Recipe
from ogan_bench.data.prepared.treatment import REFUSE, Treatment
from ogan_bench.encoder.images import GivenImages, as_images, as_points
from ogan_bench.errors import UserError
from ogan_bench.evaluation.interpolation.path_length import spherical
from ogan_bench.sampling.autoencoder import Autoencoder, Kind, chosen_projection
from ogan_bench.sampling.batch_norm import Policy
from ogan_bench.sampling.forward import BATCH_SIZE, decode_codes, encode_images, trunk_features
from ogan_bench.sampling.samples import prior_samples
from ogan_bench.sampling.stored_pair import StoredPair
from ogan_bench.seeding import generator

Codes: TypeAlias = Tensor | npt.NDArray[Any]
Labels: TypeAlias = int | Sequence[int] | Tensor | npt.NDArray[Any]
"""Class indices: one for all images, or one for each."""
Array: TypeAlias = npt.NDArray[np.float32]
Pixels: TypeAlias = npt.NDArray[Any]
"""Images, uint8, channels last: ``(n, h, w, c)``; or points, float32, ``(n, 2)``."""


class TrainedEncoder:
    """E and G of a trial as they were evaluated, from :func:`load_encoder`.

    Weights, batch-norm statistics and the projection between E and G are those of the trial's
    result. Images are taken in any form that :func:`~ogan_bench.encoder.images.as_images` lists;
    everything returned is a numpy array.

    With the batch-norm statistics ``batch``, a code depends on the images that are encoded with it,
    as in the evaluation; then one image alone is refused.

    Args:
        stored: The nets and the settings of their trial.
        device: Where to compute.
        batch_size: Images per forward pass; results do not depend on it beyond float error.
    """

    def __init__(
        self, stored: StoredPair, *, device: str = "cpu", batch_size: int = BATCH_SIZE
    ) -> None:
        pair = stored.autoencoder
        other = pair.encoder_of_generated
        self.device = torch.device(device)
        self.pair: Autoencoder = replace(
            pair,
            encoder=pair.encoder.to(self.device),
            generator=pair.generator.to(self.device),
            encoder_of_generated=None if other is None else other.to(self.device),
        )
        """The nets, for torch: ``encode`` and ``decode`` of tensors in [-1, 1]."""
        self.settings = stored.settings
        self.trained_on = stored.images
        self.batch_size = batch_size

    def __call__(self, images: GivenImages, *, of: Kind = "real", projected: bool = True) -> Array:
        """Codes of images, shape ``(n, d)``.

        Args:
            images: In any form, see :func:`~ogan_bench.encoder.images.as_images`.
            of: ``generated`` for images that G has made, whose batch-norm statistics may differ.
            projected: Whether codes are as G takes them in autoencoding: t · P(E(x)), with N(·) as
                P for O-GAN. ``False``: E(x), on which the metrics of codes are computed.

        Raises:
            UserError: The images are of another kind, layout or range.
        """
        codes = encode_images(
            self.pair, self._given(images), self._policy, self.device, self._seed,
            self.batch_size, of,
        )  # fmt: skip
        if projected and len(codes):
            objective, evaluation = self.pair.objective, self.settings.evaluation
            projection = chosen_projection(objective, evaluation)
            codes = evaluation.temperature * objective.project(codes, projection)
        return codes.numpy()

    def features(self, images: GivenImages) -> Array:
        """Features of images, the input of E's last layer, shape ``(n, features)``.

        Raises:
            UserError: As when called, or E is a net of a plug-in that has no trunk.
        """
        x = self._given(images)
        if not hasattr(self.pair.encoder, "trunk"):
            raise UserError("features: this encoder is a net of a plug-in, without a trunk")
        if not len(x):
            return np.empty((0, self.pair.encoder.features), np.float32)
        found = trunk_features(
            self.pair.encoder, x, self._policy, self.device, self._seed, self.batch_size
        )
        return found.numpy()

    def decode(self, codes: Codes, labels: Labels | None = None) -> Pixels:
        """G(code): images uint8 ``(n, h, w, c)``, or points ``(n, 2)``.

        Args:
            codes: As the call returns them, or draws from the prior, shape ``(n, d)``.
            labels: Classes to decode with; needed by a conditional G, and by no other.

        Raises:
            UserError: The codes have another shape, or labels are missing or out of range.
        """
        z = (codes if isinstance(codes, Tensor) else torch.tensor(codes)).detach().float().cpu()
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise UserError(f"codes: of shape {tuple(z.shape)}; they must be (n, {self.z_dim})")
        if not len(z):
            return self._pixels(torch.empty(0, *self.trained_on.shape))
        classes = self._classes(labels, len(z))
        return self._pixels(decode_codes(self.pair, z, classes, self.device, self.batch_size))

    def reconstruct(self, images: GivenImages, labels: Labels | None = None) -> Pixels:
        """Decoded codes of images; arguments and errors as of the call and :meth:`decode`."""
        return self.decode(self(images), labels)

    def interpolate(
        self,
        first: GivenImages,
        second: GivenImages,
        steps: int = 9,
        labels: Labels | None = None,
    ) -> Pixels:
        """Decoded paths from the codes of images to those of others, ``(n, steps, h, w, c)``.

        The paths are great circles, as in the metrics of interpolation.

        Args:
            first: n images.
            second: n images.
            steps: Images of a path, both ends included.
            labels: Of each path, as for :meth:`decode`.

        Raises:
            UserError: As :meth:`decode`, or there are not as many images on both sides.
        """
        starts, ends = torch.from_numpy(self(first)), torch.from_numpy(self(second))
        if len(starts) != len(ends):
            raise UserError(f"interpolate: {len(starts)} images against {len(ends)}")
        if steps < 2:
            raise UserError(f"interpolate: steps is {steps}; a path has two ends")
        s = torch.linspace(0, 1, steps).repeat(len(starts))[:, None]
        path = spherical(starts.repeat_interleave(steps, 0), ends.repeat_interleave(steps, 0), s)
        classes = self._classes(labels, len(starts))
        images = self.decode(path, None if classes is None else classes.repeat_interleave(steps))
        return images.reshape(len(starts), steps, *images.shape[1:])

    def sample(self, n: int, seed: int = 0, labels: Labels | None = None) -> Pixels:
        """G(z) of n draws from the prior, uint8 ``(n, h, w, c)``, or points ``(n, 2)``.

        With ``evaluation.seed`` as the seed, the z are those of the evaluation.

        Args:
            n: Number of samples.
            seed: Seed of the draws.
            labels: Classes of the samples; ``None``: drawn as frequent as in the training images,
                see :meth:`classes_of_samples`.

        Raises:
            UserError: A label is out of range.
        """
        if labels is None and self.pair.generator.conditional:
            labels = self.classes_of_samples(n, seed)
        return self.decode(prior_samples(self.pair, n, seed), labels)

    def classes_of_samples(self, n: int, seed: int = 0) -> npt.NDArray[np.int64]:
        """The classes that :meth:`sample` draws for a conditional G, shape ``(n,)``."""
        frequencies = torch.tensor(self.trained_on.frequencies, dtype=torch.double)
        random = generator(seed, "evaluation/labels")
        return torch.multinomial(frequencies, n, replacement=True, generator=random).numpy()

    @property
    def z_dim(self) -> int:
        """Dimensions d of a code."""
        return self.pair.z_dim

    @cached_property
    def recipe(self) -> Recipe:
        """How images are prepared: like those of the training, as far as its dataset says."""
        data = self.settings.data.parameters()
        shape = self.trained_on.shape
        treatment = REFUSE
        if "alpha" in data:
            keys = ("alpha", "orientation", "profile", "depth")
            treatment = Treatment(*(data[key] for key in keys))
        crop_size = data.get("crop_size")
        crop = data.get("crop", "refuse" if crop_size is None else "none")
        channels: Literal[1, 3] = 1 if shape.channels == 1 else 3
        small = data.get("small", "enlarge")
        return Recipe(shape.height, crop, crop_size or None, channels, treatment, small)

    def __repr__(self) -> str:
        c, h, w = self.trained_on.shape
        return (
            f"TrainedEncoder({self.trained_on.dataset} {h} x {w} x {c} -> {self.z_dim} dimensions, "
            f"{self.device})"
        )

    @property
    def _policy(self) -> Policy:
        return self.settings.evaluation.encoder_statistics

    @property
    def _seed(self) -> int:
        return self.settings.evaluation.seed

    def _given(self, images: GivenImages) -> Tensor:
        x = as_points(images) if self.trained_on.are_points else as_images(images, self.recipe)
        if len(x) == 1 and self._policy == "batch":
            raise UserError(
                "images: this trial was evaluated with the statistics of each batch "
                "(encoder_statistics: batch), which one image does not have; give several"
            )
        return x

    def _classes(self, labels: Labels | None, n: int) -> Tensor | None:
        if not self.pair.generator.conditional:
            if labels is not None:
                raise UserError("labels: this generator is not conditional; leave them out")
            return None
        count = len(self.trained_on.classes)
        if labels is None:
            raise UserError(
                f"labels: this generator needs the class of each image, 0 to {count - 1}"
            )
        classes = (labels if isinstance(labels, Tensor) else torch.tensor(labels)).cpu()
        if classes.ndim == 0:
            classes = classes.expand(n)
        is_valid = not classes.is_floating_point() and tuple(classes.shape) == (n,)
        if not is_valid or not bool(((classes >= 0) & (classes < count)).all()):
            raise UserError(f"labels: give one class index, or {n} of them, from 0 to {count - 1}")
        return classes.long()

    def _pixels(self, images: Tensor) -> Pixels:
        if self.trained_on.are_points:
            return images.flatten(1).numpy()
        return to_uint8(images).movedim(1, -1).contiguous().numpy()

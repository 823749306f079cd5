"""The objective's own reconstruction, G(t · P(E(x))), of training, test and generated images.

Errors on training images compared with those on test images show how much the pair has memorised;
errors on generated images are what remains when a perfect code exists.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from ogan_bench.data.base import to_uint8
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.coverage.classes import class_shares
from ogan_bench.evaluation.ensemble import in_each_member
from ogan_bench.evaluation.reconstruction.lpips import BACKBONES, Perceptual, perceptual
from ogan_bench.evaluation.reconstruction.pixel_error import (
    in_units,
    mean_value,
    psnr,
    reconstruction_ratio,
)
from ogan_bench.evaluation.reconstruction.ssim import VARIANT, ssim
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import of_mean, of_share
from ogan_bench.features.extractor import Features, extract
from ogan_bench.metrics.feature_spaces import CLASSIFIER
from ogan_bench.sampling.context import ModelContext, autoencode

Split = Literal["test", "train", "generated"]
SPLITS: dict[Split, str] = {"test": "", "train": "_train", "generated": "_generated"}
"""Maps the source of images to the suffix of their metrics' names."""

TEMPERATURES = (0.7, 0.8, 0.9, 1.0, 1.1)
CHOOSING = 2000
"""Maximum number of training images for choosing the temperature."""


def agreement(originals: Tensor, reconstructions: Tensor) -> tuple[float, float]:
    """Share of images whose reconstruction gets the same predicted class, and the chance level.

    Chance is the share for unrelated classes with the same frequencies, Σ_k p_k q_k.

    Args:
        originals: Logits of x, shape ``(n, classes)``.
        reconstructions: Logits of the reconstructions, same shape.

    Raises:
        NoValueError: There are no logits, or some are not finite.
    """
    chance = class_shares(originals) @ class_shares(reconstructions)
    same = originals.argmax(1) == reconstructions.argmax(1)
    return float(same.double().mean()), float(chance)


class SplitReconstruction:
    """Images of one split, their codes, and their reconstructions G(t · P(E(x))).

    Args:
        context: The trained pair.
        split: ``test``: all test images; ``train``: the first of those for the probes;
            ``generated``: the first of the samples. The latter two use at most as many as there
            are test images.

    Raises:
        NoValueError: There are no such images.
    """

    def __init__(self, context: ModelContext, split: Split) -> None:
        self.context, self.split = context, split
        samples, train, test = context.samples, context.dataset.train, context.dataset.test
        n = len(test)
        if split == "test":
            self.chosen, self.codes = torch.arange(len(test)), samples.trained.test
            images, labels = test.images, test.labels
        elif split == "train":
            self.chosen, self.codes = samples.train_indices[:n], samples.trained.train[:n]
            if not len(self.chosen):
                raise NoValueError("no training image was encoded: probe_images is 0")
            at = self.chosen.to(train.images.device)
            images, labels = train.images[at], None if train.labels is None else train.labels[at]
        else:
            images, self.codes = samples.images[:n], samples.codes[:n]
            labels = None if samples.labels is None else samples.labels[:n]
            self.chosen = torch.arange(len(images))
        self.labels = labels
        self.x, self._error, self.units = in_units(images)
        self._features: dict[str, Features] = {}

    @functools.cached_property
    def x_rec(self) -> Tensor:
        """G(t · P(E(x))) for the t of the settings, shape ``(n, c, h, w)``."""
        if self.split == "test":
            return self.context.samples.own_reconstructions
        return autoencode(self.context, self.codes, self.labels)

    def error(self, x_rec: Tensor) -> Tensor:
        """Mean squared error of each of the first images, shape ``(n,)`` like the argument."""
        return self._error(self.x[: len(x_rec)], x_rec)

    def errors_at(self, temperature: float, images: int) -> Tensor:
        """Errors of the first images at any temperature, shape ``(images,)``."""
        if temperature == self.context.settings.temperature:
            x_rec = self.x_rec[:images]
        else:
            labels = None if self.labels is None else self.labels[:images]
            x_rec = autoencode(self.context, self.codes[:images], labels, temperature)
        return self.error(x_rec)

    def features(self, context: ModelContext, space: str) -> tuple[Features, Features]:
        """Features of x and of its reconstruction by the context's extractor."""
        extractor, chosen = context.extractor(space), self.chosen
        known = context.features(space, self.split)
        before = Features(known.features[chosen], known.logits[chosen], known.extractor)
        if self.split == "test":
            return before, context.features(space, "reconstructions")
        if extractor.name not in self._features:
            self._features[extractor.name] = extract(extractor, to_uint8(self.x_rec))
        return before, self._features[extractor.name]

    def mse(self) -> Value:
        return mean_value(self.error(self.x_rec), self.units)

    def psnr(self) -> Value:
        self._pixels("PSNR")
        each = self.error(self.x_rec)
        return Value(psnr(each), error=of_mean(each.log10().mul(10)))

    def ratio(self) -> Value:
        found = reconstruction_ratio(self.x, self.x_rec, self.context.settings.seed)
        return Value(found.value, error=found.standard_error)

    def similarity(self) -> Value:
        self._pixels("structural similarity")
        x, x_rec = (images.add(1).div(2) for images in (self.x, self.x_rec))
        return mean_value(ssim(x, x_rec), VARIANT)

    def perceptual(self, load: Callable[[], Perceptual]) -> Value:
        self._pixels("LPIPS")
        net = load()
        note = None if net.is_published else "not the published weights"
        return replace(mean_value(net(self.x, self.x_rec), note), extractor=net.name)

    def feature_ratio(self, context: ModelContext, space: str) -> Value:
        before, after = self.features(context, space)
        seed = context.settings.seed
        found = reconstruction_ratio(before.features, after.features, seed)
        return Value(found.value, extractor=before.extractor, error=found.standard_error)

    def agreement(self, context: ModelContext) -> Value:
        before, after = self.features(context, CLASSIFIER)
        value, chance = agreement(before.logits, after.logits)
        told = context.trained.generator.conditional
        note = "the generator is given the class" if told else None
        error = of_share(value, len(before))
        return Value(value, chance, note, before.extractor, error=error)

    def _pixels(self, quantity: str) -> None:
        if self.units is not None:
            raise NoValueError(f"{quantity} is for images, not for points")


def reconstruction_group_rows(context: ModelContext) -> list[Row]:
    """All metrics of the group ``reconstruction``."""
    nets = {
        name: functools.cache(functools.partial(perceptual, name, context.device))
        for name in BACKBONES
    }
    of = functools.cache(functools.partial(SplitReconstruction, context))
    rows: list[Row] = []
    for split in SPLITS:
        rows += _rows(context, split, functools.partial(of, split), nets)
    return rows + temperature_rows(context, of)


def temperature_rows(
    context: ModelContext, of: Callable[[Split], SplitReconstruction], most: int = CHOOSING
) -> list[Row]:
    """The best temperature for reconstructing training images, and the test images' error at it.

    Chosen on one split and measured on the other, so the error has no selection bias.

    Args:
        context: The trained pair.
        of: Split to its reconstruction.
        most: Maximum number of training images for choosing the temperature.
    """

    @functools.cache
    def found() -> tuple[Value, Value]:
        train, test = of("train"), of("test")
        n = min(most, len(train.codes))
        errors = {t: float(train.errors_at(t, n).mean()) for t in TEMPERATURES}
        best = min(TEMPERATURES, key=errors.__getitem__)
        errors_of_best = test.errors_at(best, len(test.codes))
        raw = float(test.error(context.samples.raw_reconstructions).mean())
        curve = ", ".join(f"{error:.4g} at t = {t:g}" for t, error in errors.items())
        note = f"{raw:.4g} for G(E(x)); chosen on training images: {curve}"
        chosen = Value(best, note=f"among {TEMPERATURES}", n_samples=n, split=train.split)
        return chosen, mean_value(errors_of_best, note)

    measures = {
        "best_temperature": lambda: found()[0],
        "autoencoding_mse_best": lambda: found()[1],
    }
    return measured_rows(measures, n_samples=len(context.dataset.test), split="test")


def _rows(
    context: ModelContext,
    split: Split,
    reconstruction: Callable[[], SplitReconstruction],
    nets: Mapping[str, Callable[[], Perceptual]],
) -> list[Row]:
    """All metrics of one split."""
    spaces, end = context.settings.extractors, SPLITS[split]

    def perceptual_distance(load: Callable[[], Perceptual]) -> Value:
        return reconstruction().perceptual(load)

    measures: dict[str, Callable[[], Value]] = {
        "psnr": lambda: reconstruction().psnr(),
        "ssim": lambda: reconstruction().similarity(),
        "ratio": lambda: reconstruction().ratio(),
        **{f"lpips_{n}": functools.partial(perceptual_distance, load) for n, load in nets.items()},
    }
    if split != "test":  # for test images it is always measured
        measures["mse"] = lambda: reconstruction().mse()
    available = {
        "test": len(context.dataset.test),
        "train": len(context.samples.train_indices),
        "generated": len(context.samples.images),
    }

    def rows(of: Mapping[str, Callable[[], Value]]) -> list[Row]:
        return measured_rows(
            {f"autoencoding_{name}{end}": measure for name, measure in of.items()},
            n_samples=min(len(context.dataset.test), available[split]),
            split=split,
            note=context.formula,
        )

    def in_space(space: str, member: ModelContext) -> list[Row]:
        of: dict[str, Callable[[], Value]] = {
            f"ratio_{space}": lambda: reconstruction().feature_ratio(member, space)
        }
        if space == CLASSIFIER:
            of["agreement"] = lambda: reconstruction().agreement(member)
        return rows(of)

    found = rows(measures)
    for space in dict.fromkeys(spaces):
        found += in_each_member(context, space, functools.partial(in_space, space))
    return found

"""Decoded paths between the codes of two test images."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ogan_bench.data.base import to_uint8
from ogan_bench.evaluation.ensemble import in_each_member
from ogan_bench.evaluation.image_grids import interpolation_strips
from ogan_bench.evaluation.interpolation.path_length import (
    CURVES,
    Curve,
    detour,
    spherical,
    squared_speeds,
    takes_floats,
    trimmed_mean,
)
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.features.extractor import Extractor, extract
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import CLASSIFIER
from ogan_bench.sampling.context import ModelContext, decode, project
from ogan_bench.seeding import generator

PAIRS = 500
DETOUR_PAIRS = 50
SEGMENTS = 16
"""Number of segments of a path whose length is measured in pixels."""
EPSILON = 0.01
"""Share of a path over which its speed is measured. A hundred times StyleGAN's, so that images
differ by more than the error of reduced-precision GPU products."""
STRIPS = 8
"""Rows of the picture, and decoded images per row."""


@dataclass(frozen=True)
class PathEndpoints:
    """Pairs of different test images, and the codes joined by the paths between them.

    Args:
        first: Indices of the images at s = 0, shape ``(n,)``.
        second: Indices of the images at s = 1, shape ``(n,)``.
        start: t · P(E(x)) of the first images, shape ``(n, d)``.
        end: t · P(E(x)) of the second images, shape ``(n, d)``.
        labels: Labels of the first images; ``None`` without labels.
    """

    first: Tensor
    second: Tensor
    start: Tensor
    end: Tensor
    labels: Tensor | None

    def __len__(self) -> int:
        return len(self.first)


def random_endpoints(context: ModelContext) -> PathEndpoints:
    """Endpoints of :data:`PAIRS` paths; an image may belong to several.

    Raises:
        ValueError: There is only one test image.
    """
    test, codes = context.dataset.test, context.samples.trained.test
    n = len(test)
    if n < 2:
        raise ValueError("interpolation takes at least two test images")
    random = generator(context.settings.seed, "evaluation/interpolation")
    first = torch.randint(n, (PAIRS,), generator=random)
    second = (first + torch.randint(1, n, (PAIRS,), generator=random)) % n
    given = context.settings.temperature * project(context, codes)
    labels = None if test.labels is None else test.labels.cpu()[first]
    return PathEndpoints(first, second, given[first], given[second], labels)


class InterpolationPaths:
    """Decoded paths between the codes of pairs of test images."""

    def __init__(self, context: ModelContext) -> None:
        self.context = context
        self.endpoints = random_endpoints(context)
        random = generator(context.settings.seed, "evaluation/interpolation/positions")
        self.positions = torch.rand(PAIRS, 1, generator=random) * (1 - EPSILON)
        self._straight: dict[str, float] = {}
        self._speeds: dict[tuple[str, Curve], Tensor] = {}
        self._confidences: dict[str, tuple[Tensor, Tensor]] = {}

    def at(self, curve: Curve, s: float, pairs: int = PAIRS) -> Tensor:
        """Images at the same position s of the first paths, shape ``(pairs, c, h, w)``."""
        if s in (0, 1):
            return self.decoded_endpoints[int(s)][:pairs]
        endpoints, where = self.endpoints, torch.full((pairs, 1), s)
        codes = curve(endpoints.start[:pairs], endpoints.end[:pairs], where)
        labels = None if endpoints.labels is None else endpoints.labels[:pairs]
        return decode(self.context, codes, labels)

    @functools.cached_property
    def decoded_endpoints(self) -> tuple[Tensor, Tensor]:
        """Decoded images at both endpoints of all paths; shared by all curves."""
        endpoints, own = self.endpoints, self.context.samples.own_reconstructions
        if self.context.trained.generator.conditional:  # the second image has another class
            end = decode(self.context, endpoints.end, endpoints.labels)
        else:
            end = own[endpoints.second]
        return own[endpoints.first], end

    def endpoint_confidence(self, context: ModelContext) -> tuple[Tensor, Tensor]:
        """Confidence of a classifier at both endpoints, each of shape ``(n,)``."""
        classifier = context.extractor(CLASSIFIER)
        if classifier.name not in self._confidences:
            known = context.features(CLASSIFIER, "reconstructions").logits
            if context.trained.generator.conditional:
                end = _logits(classifier, self.decoded_endpoints[1])
            else:
                end = known[self.endpoints.second]
            both = _confidence(known[self.endpoints.first]), _confidence(end)
            self._confidences[classifier.name] = both
        return self._confidences[classifier.name]

    def squared_speeds(self, extractor: Extractor, curve: Curve) -> tuple[Tensor, float]:
        """Squared speeds of all paths in a feature space, and mean squared endpoint distance.

        Raises:
            ValueError: The space has no features for images that are not rounded to 8 bits.
        """
        endpoints, space = self.endpoints, extractor.name

        def points(images: Tensor) -> Tensor:
            return extract(extractor, images).features

        if space not in self._straight:
            if not takes_floats(extractor, self.context.dataset.test.images[:8]):
                raise ValueError(
                    f"{extractor.name} takes 8-bit images: rounding moves them farther than the "
                    "step by which speed is measured"
                )
            start, end = (points(images).double() for images in self.decoded_endpoints)
            self._straight[space] = float((end - start).square().sum(1).mean())
        if (space, curve) not in self._speeds:
            self._speeds[space, curve] = squared_speeds(
                lambda codes: points(decode(self.context, codes, endpoints.labels)),
                curve, endpoints.start, endpoints.end, self.positions, EPSILON,
            )  # fmt: skip
        return self._speeds[space, curve], self._straight[space]

    def path_length(self, extractor: Extractor, curve: Curve) -> Value:
        """Mean squared speed without the lowest and highest per cent, as in StyleGAN."""
        speeds, _ = self.squared_speeds(extractor, curve)
        return Value(trimmed_mean(speeds), note=f"ε = {EPSILON:g}", extractor=extractor.name)

    def path_energy(self, extractor: Extractor, curve: Curve) -> Value:
        """Mean squared speed divided by that of straight paths with the same endpoints."""
        speeds, straight = self.squared_speeds(extractor, curve)
        if straight == 0:
            raise ValueError("all paths end where they start")
        energy = float(speeds.mean()) / straight
        return Value(energy, note=f"ε = {EPSILON:g}", extractor=extractor.name)

    def detour(self, curve: Curve) -> Value:
        """Length of the first paths in pixel space, divided by the distance of their endpoints."""
        positions = torch.linspace(0, 1, SEGMENTS + 1).tolist()
        images = torch.stack([self.at(curve, s, DETOUR_PAIRS) for s in positions])
        return Value(detour(images), note=f"{SEGMENTS} segments")

    def confidence(self, context: ModelContext, curve: Curve) -> Value:
        """Share of midpoints classified at least as confidently as the less confident endpoint.

        Of three identically distributed numbers, each is the smallest with probability 1/3.
        """
        extractor = context.extractor(CLASSIFIER)
        start, end = self.endpoint_confidence(context)
        middle = _confidence(_logits(extractor, self.at(curve, 0.5)))
        share = float((middle >= torch.minimum(start, end)).double().mean())
        return Value(share, note="2/3 if midpoints are like ends", extractor=extractor.name)


def _logits(extractor: Extractor, images: Tensor) -> Tensor:
    return extract(extractor, to_uint8(images)).logits


def _confidence(logits: Tensor) -> Tensor:
    """Probability of the most probable class, shape ``(n,)``."""
    return logits.softmax(1).amax(1)


def interpolation_rows(context: ModelContext) -> list[Row]:
    """All metrics of the group ``interpolation``.

    With a folder and two test images or more, also ``interpolations.png``.

    Raises:
        UserError: The picture cannot be written.
    """
    paths = functools.cache(lambda: InterpolationPaths(context))
    conditional = context.trained.generator.conditional
    note = "decoded with the class of the first end" if conditional else None

    def in_space(space: SpaceName, member: ModelContext) -> list[Row]:
        measures: dict[str, Callable[[], Value]] = {}

        def add(suffix: str, curve: Curve) -> None:
            measures[f"path_length_{space}{suffix}"] = lambda: paths().path_length(
                member.extractor(space), curve
            )
            measures[f"path_energy_{space}{suffix}"] = lambda: paths().path_energy(
                member.extractor(space), curve
            )
            if space == CLASSIFIER:
                measures[f"interpolation_confidence{suffix}"] = lambda: paths().confidence(
                    member, curve
                )

        for suffix, curve in CURVES.items():
            add(suffix, curve)
        return measured_rows(measures, n_samples=PAIRS, split="test", note=note)

    def detour(curve: Curve) -> Value:
        return paths().detour(curve)

    rows: list[Row] = []
    for space in dict.fromkeys(context.settings.extractors):
        rows += in_each_member(context, space, functools.partial(in_space, space))
    detours = {
        f"interpolation_detour{suffix}": functools.partial(detour, curve)
        for suffix, curve in CURVES.items()
    }
    rows += measured_rows(detours, n_samples=DETOUR_PAIRS, split="test", note=note)
    drawable = not context.dataset.is_points and len(context.dataset.test) > 1
    if context.folder is not None and drawable:
        draw_interpolations(paths(), context.folder / "interpolations.png")
    return rows


def draw_interpolations(paths: InterpolationPaths, path: Path) -> None:
    """Each row: a test image, the decoded spherical path to another one, and that image.

    Raises:
        UserError: The file cannot be written.
    """
    test, endpoints = paths.context.dataset.test.images.cpu(), paths.endpoints
    steps = [
        to_uint8(paths.at(spherical, s, STRIPS)) for s in torch.linspace(0, 1, STRIPS).tolist()
    ]
    interpolation_strips([test[endpoints.first], *steps, test[endpoints.second]], path)

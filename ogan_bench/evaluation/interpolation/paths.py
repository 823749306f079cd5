"""Decoded paths between the codes of two test images."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import torch
from torch import Tensor

from ogan_bench.data.base import to_float, to_uint8
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.interpolation.naturalness import shuffled_entries
from ogan_bench.evaluation.interpolation.path_length import (
    CURVES,
    Curve,
    spherical,
    squared_speeds,
    takes_floats,
)
from ogan_bench.evaluation.standard_error import of_pairs
from ogan_bench.features.extractor import Extractor, Features, extract
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.sampling.context import ModelContext, decode, project
from ogan_bench.seeding import generator

PAIRS = 500
DETOUR_PAIRS = 50
SEGMENTS = 16
"""Number of segments of a path whose length is measured in pixels, or straightness in features."""
EPSILON = 0.01
"""Share of a path over which its speed is measured. A hundred times StyleGAN's, so that images
differ by more than the error of reduced-precision GPU products."""
PIXELS, SHUFFLED = "_pixels", "_shuffled"
"""Suffixes of baselines: cross-fades of the test images themselves, and spherical paths between
codes whose entries are shuffled."""


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

    def error_of_mean(self, each: Tensor) -> float | None:
        """Standard error of a mean over the first paths, of which many share an image.

        Args:
            each: A value of each of the first paths; nan where it has none.
        """
        n, there = len(each), ~each.isnan().cpu()
        first, second = (of[:n][there] for of in (self.first, self.second))
        return of_pairs(each.cpu()[there], first, second)


def random_endpoints(context: ModelContext) -> PathEndpoints:
    """Endpoints of :data:`PAIRS` paths; an image may belong to several.

    Raises:
        NoValueError: There is only one test image.
    """
    test, codes = context.dataset.test, context.samples.trained.test
    n = len(test)
    if n < 2:
        raise NoValueError("interpolation takes at least two test images")
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
        self._straight: dict[str, Tensor] = {}
        self._speeds: dict[tuple[str, Curve], Tensor] = {}
        self._walks: dict[str, Tensor] = {}
        self._rounded: dict[tuple[str, float], Tensor] = {}
        self._features: dict[tuple[str, str, float], Features] = {}
        self._end_features: dict[str, tuple[Features, Features]] = {}

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

    @functools.cached_property
    def shuffled_endpoints(self) -> PathEndpoints:
        """The same endpoints, the entries of each code shuffled."""
        random = generator(self.context.settings.seed, "evaluation/interpolation/shuffled")
        start, end = (
            shuffled_entries(codes, random) for codes in (self.endpoints.start, self.endpoints.end)
        )
        return dataclasses.replace(self.endpoints, start=start, end=end)

    def cross_fade(self, s: float, pairs: int) -> Tensor:
        """(1 - s) x + s y of the first pairs of test images, shape ``(pairs, c, h, w)``."""
        images, endpoints = self.context.dataset.test.images.cpu(), self.endpoints
        x, y = (to_float(images[chosen[:pairs]]) for chosen in (endpoints.first, endpoints.second))
        return (1 - s) * x + s * y

    def image_at(self, suffix: str, s: float, pairs: int) -> Tensor:
        """Images at the same position of the first decoded paths, or of those of a baseline."""
        if suffix == PIXELS:
            return self.cross_fade(s, pairs)
        if suffix == SHUFFLED:
            ends, where = self.shuffled_endpoints, torch.full((pairs, 1), s)
            labels = None if ends.labels is None else ends.labels[:pairs]
            return decode(
                self.context, spherical(ends.start[:pairs], ends.end[:pairs], where), labels
            )
        return self.at(CURVES[suffix], s, pairs)

    def walk(self, suffix: str) -> Tensor:
        """Images along the first paths, shape ``(SEGMENTS + 1, DETOUR_PAIRS, c, h, w)``."""
        if suffix not in self._walks:
            positions = torch.linspace(0, 1, SEGMENTS + 1).tolist()
            images = [self.image_at(suffix, s, DETOUR_PAIRS) for s in positions]
            self._walks[suffix] = torch.stack(images)
        return self._walks[suffix]

    def features_at(self, extractor: Extractor, suffix: str, s: float) -> Features:
        """Features at the same position of all paths, of images rounded to 8 bits."""
        if (suffix, s) not in self._rounded:
            self._rounded[suffix, s] = to_uint8(self.image_at(suffix, s, PAIRS))
        key = extractor.name, suffix, s
        if key not in self._features:
            self._features[key] = extract(extractor, self._rounded[suffix, s])
        return self._features[key]

    def end_features(self, context: ModelContext, space: SpaceName) -> tuple[Features, Features]:
        """Features of the decoded images at both endpoints of all paths."""
        extractor = context.extractor(space)
        if extractor.name not in self._end_features:
            known = context.features(space, "reconstructions")
            if context.trained.generator.conditional:
                end = extract(extractor, to_uint8(self.decoded_endpoints[1]))
            else:
                end = known.rows(self.endpoints.second)
            self._end_features[extractor.name] = known.rows(self.endpoints.first), end
        return self._end_features[extractor.name]

    def squared_speeds(self, extractor: Extractor, curve: Curve) -> tuple[Tensor, Tensor]:
        """Squared speeds of all paths in a feature space, and squared distances of endpoints.

        Raises:
            NoValueError: The space has no features for images that are not rounded to 8 bits.
        """
        endpoints, space = self.endpoints, extractor.name

        def points(images: Tensor) -> Tensor:
            return extract(extractor, images).features

        if space not in self._straight:
            if not takes_floats(extractor, self.context.dataset.test.images[:8]):
                raise NoValueError(
                    f"{extractor.name} takes 8-bit images: rounding moves them farther than the "
                    "step by which speed is measured"
                )
            start, end = (points(images).double() for images in self.decoded_endpoints)
            self._straight[space] = (end - start).square().sum(1)
        if (space, curve) not in self._speeds:
            self._speeds[space, curve] = squared_speeds(
                lambda codes: points(decode(self.context, codes, endpoints.labels)),
                curve, endpoints.start, endpoints.end, self.positions, EPSILON,
            )  # fmt: skip
        return self._speeds[space, curve], self._straight[space]

"""Decoded paths between the codes of two test images."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ogan_bench.data.base import to_float, to_uint8
from ogan_bench.evaluation.ensemble import in_each_member
from ogan_bench.evaluation.fidelity.manifolds import nearest
from ogan_bench.evaluation.image_grids import interpolation_strips
from ogan_bench.evaluation.interpolation.naturalness import (
    middle_to_ends,
    shuffled_entries,
    straightness,
)
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
from ogan_bench.evaluation.standard_error import of_pairs, ratio_of_means
from ogan_bench.features.extractor import Extractor, Features, dataset_features, extract
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import CLASSIFIER
from ogan_bench.metrics.interpolation import WITH_SPEEDS
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
        self._straight: dict[str, Tensor] = {}
        self._speeds: dict[tuple[str, Curve], Tensor] = {}
        self._walks: dict[str, Tensor] = {}
        self._middles: dict[str, Tensor] = {}
        self._middle_features: dict[tuple[str, str], Features] = {}
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

    def middle_features(self, extractor: Extractor, suffix: str) -> Features:
        """Features of the midpoints of all paths."""
        if suffix not in self._middles:
            self._middles[suffix] = to_uint8(self.image_at(suffix, 0.5, PAIRS))
        key = extractor.name, suffix
        if key not in self._middle_features:
            self._middle_features[key] = extract(extractor, self._middles[suffix])
        return self._middle_features[key]

    def end_features(self, context: ModelContext, space: SpaceName) -> tuple[Features, Features]:
        """Features of the decoded images at both endpoints of all paths."""
        extractor = context.extractor(space)
        if extractor.name not in self._end_features:
            known = context.features(space, "reconstructions")
            if context.trained.generator.conditional:
                end = extract(extractor, to_uint8(self.decoded_endpoints[1]))
            else:
                end = _chosen(known, self.endpoints.second)
            self._end_features[extractor.name] = _chosen(known, self.endpoints.first), end
        return self._end_features[extractor.name]

    def squared_speeds(self, extractor: Extractor, curve: Curve) -> tuple[Tensor, Tensor]:
        """Squared speeds of all paths in a feature space, and squared distances of endpoints.

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
            self._straight[space] = (end - start).square().sum(1)
        if (space, curve) not in self._speeds:
            self._speeds[space, curve] = squared_speeds(
                lambda codes: points(decode(self.context, codes, endpoints.labels)),
                curve, endpoints.start, endpoints.end, self.positions, EPSILON,
            )  # fmt: skip
        return self._speeds[space, curve], self._straight[space]

    def path_length(self, extractor: Extractor, curve: Curve) -> Value:
        """Mean squared speed without the lowest and highest per cent, as in StyleGAN."""
        speeds, _ = self.squared_speeds(extractor, curve)
        found, note = trimmed_mean(speeds, self.endpoints.error_of_mean), f"ε = {EPSILON:g}"
        return Value(found.value, note=note, extractor=extractor.name, error=found.standard_error)

    def path_energy(self, extractor: Extractor, curve: Curve) -> Value:
        """Mean squared speed divided by that of straight paths with the same endpoints."""
        speeds, straight = self.squared_speeds(extractor, curve)
        if not bool(straight.any()):
            raise ValueError("all paths end where they start")
        found = ratio_of_means(speeds, straight, self.endpoints.error_of_mean)
        note = f"ε = {EPSILON:g}"
        return Value(found.value, note=note, extractor=extractor.name, error=found.standard_error)

    def detour(self, suffix: str) -> Value:
        """Length of the first paths in pixel space, divided by the distance of their endpoints."""
        found = detour(self.walk(suffix), self.endpoints.error_of_mean)
        return Value(found.value, note=f"{SEGMENTS} segments", error=found.standard_error)

    def straightness(self, extractor: Extractor, suffix: str) -> Value:
        """Mean straightness of the first paths in a feature space, of images rounded to 8 bits."""
        images = to_uint8(self.walk(suffix))
        points = extract(extractor, images.flatten(0, 1)).features
        each = straightness(points.unflatten(0, images.shape[:2]))
        return Value(
            float(each.nanmean()),
            note=f"{SEGMENTS} segments",
            extractor=extractor.name,
            n_samples=int((~each.isnan()).sum()),
            error=self.endpoints.error_of_mean(each),
        )

    def midpoint_ratio(self, context: ModelContext, space: SpaceName, suffix: str) -> Value:
        """Distance of midpoints to their nearest training images, relative to that of the ends."""
        extractor, endpoints = context.extractor(space), self.endpoints
        middle = self.middle_features(extractor, suffix)
        if suffix == PIXELS:
            real = dataset_features(extractor, context.dataset, "test")
            ends = _chosen(real, endpoints.first), _chosen(real, endpoints.second)
        else:
            ends = self.end_features(context, space)
        train = dataset_features(extractor, context.dataset, "train").features
        distances = nearest(torch.cat([part.features for part in (middle, *ends)]), train).distances
        found = middle_to_ends(
            distances[:PAIRS, 0], distances[PAIRS:, 0].view(2, PAIRS), endpoints.error_of_mean
        )
        return Value(found.value, extractor=extractor.name, error=found.standard_error)

    def confidence(self, context: ModelContext, suffix: str) -> Value:
        """Share of midpoints classified at least as confidently as the less confident endpoint.

        Of three identically distributed numbers, each is the smallest with probability 1/3.
        """
        extractor = context.extractor(CLASSIFIER)
        start, end = (_confidence(of.logits) for of in self.end_features(context, CLASSIFIER))
        middle = _confidence(self.middle_features(extractor, suffix).logits)
        natural = (middle >= torch.minimum(start, end)).double()
        return Value(
            float(natural.mean()),
            note="2/3 if midpoints are like ends",
            extractor=extractor.name,
            error=self.endpoints.error_of_mean(natural),
        )


def _chosen(features: Features, indices: Tensor) -> Features:
    return dataclasses.replace(
        features, features=features.features[indices], logits=features.logits[indices]
    )


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
            if space in WITH_SPEEDS:
                measures[f"path_length_{space}{suffix}"] = lambda: paths().path_length(
                    member.extractor(space), curve
                )
                measures[f"path_energy_{space}{suffix}"] = lambda: paths().path_energy(
                    member.extractor(space), curve
                )
            if space == CLASSIFIER:
                measures[f"interpolation_confidence{suffix}"] = lambda: paths().confidence(
                    member, suffix
                )

        def straightness(suffix: str) -> Value:
            return paths().straightness(member.extractor(space), suffix)

        def midpoint_ratio(suffix: str) -> Value:
            return paths().midpoint_ratio(member, space, suffix)

        for suffix, curve in CURVES.items():
            add(suffix, curve)
        for suffix in (*CURVES, PIXELS, SHUFFLED):
            measures[f"path_straightness_{space}{suffix}"] = functools.partial(straightness, suffix)
        for suffix in (*CURVES, PIXELS):
            measures[f"midpoint_ratio_{space}{suffix}"] = functools.partial(midpoint_ratio, suffix)
        return measured_rows(measures, n_samples=PAIRS, split="test", note=note)

    def detour(suffix: str) -> Value:
        return paths().detour(suffix)

    rows: list[Row] = []
    for space in dict.fromkeys(context.settings.extractors):
        rows += in_each_member(context, space, functools.partial(in_space, space))
    detours = {
        f"interpolation_detour{suffix}": functools.partial(detour, suffix) for suffix in CURVES
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

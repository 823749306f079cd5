"""What is measured of decoded paths: how fast, how far, how straight, and how natural."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.data.base import to_uint8
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.manifolds import nearest
from ogan_bench.evaluation.interpolation.naturalness import middle_to_ends
from ogan_bench.evaluation.interpolation.naturalness import straightness as path_straightness
from ogan_bench.evaluation.interpolation.path_length import Curve, trimmed_mean
from ogan_bench.evaluation.interpolation.path_length import detour as path_detour
from ogan_bench.evaluation.interpolation.paths import (
    EPSILON,
    PAIRS,
    PIXELS,
    SEGMENTS,
    SHUFFLED,
    InterpolationPaths,
)
from ogan_bench.evaluation.rows import Value
from ogan_bench.evaluation.standard_error import ratio_of_means
from ogan_bench.features.extractor import Extractor, dataset_features, extract
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import CLASSIFIER
from ogan_bench.sampling.context import ModelContext


def path_length(paths: InterpolationPaths, extractor: Extractor, curve: Curve) -> Value:
    """Mean squared speed without the lowest and highest per cent, as in StyleGAN."""
    speeds, _ = paths.squared_speeds(extractor, curve)
    found, note = trimmed_mean(speeds, paths.endpoints.error_of_mean), f"ε = {EPSILON:g}"
    return Value(found.value, note=note, extractor=extractor.name, error=found.standard_error)


def path_energy(paths: InterpolationPaths, extractor: Extractor, curve: Curve) -> Value:
    """Mean squared speed divided by that of straight paths with the same endpoints."""
    speeds, straight = paths.squared_speeds(extractor, curve)
    if not bool(straight.any()):
        raise NoValueError("all paths end where they start")
    found = ratio_of_means(speeds, straight, paths.endpoints.error_of_mean)
    note = f"ε = {EPSILON:g}"
    return Value(found.value, note=note, extractor=extractor.name, error=found.standard_error)


def detour(paths: InterpolationPaths, suffix: str) -> Value:
    """Length of the first paths in pixel space, divided by the distance of their endpoints."""
    found = path_detour(paths.walk(suffix), paths.endpoints.error_of_mean)
    return Value(found.value, note=f"{SEGMENTS} segments", error=found.standard_error)


def straightness(paths: InterpolationPaths, extractor: Extractor, suffix: str) -> Value:
    """Mean straightness of the first paths in a feature space, of images rounded to 8 bits."""
    images = to_uint8(paths.walk(suffix))
    points = extract(extractor, images.flatten(0, 1)).features
    each = path_straightness(points.unflatten(0, images.shape[:2]))
    return Value(
        float(each.nanmean()),
        note=f"{SEGMENTS} segments",
        extractor=extractor.name,
        n_samples=int((~each.isnan()).sum()),
        error=paths.endpoints.error_of_mean(each),
    )


def midpoint_ratio(
    paths: InterpolationPaths, context: ModelContext, space: SpaceName, suffix: str
) -> Value:
    """Distance of midpoints to their nearest images trained on, relative to that of the ends."""
    extractor, endpoints = context.extractor(space), paths.endpoints
    middle = paths.features_at(extractor, suffix, 0.5)
    if suffix == PIXELS:
        real = dataset_features(extractor, context.dataset, "test")
        ends = real.rows(endpoints.first), real.rows(endpoints.second)
    elif suffix == SHUFFLED:
        start, end = (paths.features_at(extractor, suffix, s) for s in (0, 1))
        ends = start, end
    else:
        ends = paths.end_features(context, space)
    trained, note = dataset_features(extractor, context.dataset, "train").features, None
    if (trained_on := context.dataset.trained_on) is not None:
        trained = trained[trained_on.to(trained.device)]
        note = f"against {len(trained_on)} images trained on"
    distances = nearest(torch.cat([part.features for part in (middle, *ends)]), trained).distances
    found = middle_to_ends(
        distances[:PAIRS, 0], distances[PAIRS:, 0].view(2, PAIRS), endpoints.error_of_mean
    )
    return Value(found.value, note=note, extractor=extractor.name, error=found.standard_error)


def confidence(paths: InterpolationPaths, context: ModelContext, suffix: str) -> Value:
    """Share of midpoints classified at least as confidently as the less confident endpoint.

    Of three identically distributed numbers, each is the smallest with probability 1/3.
    """
    extractor = context.extractor(CLASSIFIER)
    start, end = (_confidence(of.logits) for of in paths.end_features(context, CLASSIFIER))
    middle = _confidence(paths.features_at(extractor, suffix, 0.5).logits)
    natural = (middle >= torch.minimum(start, end)).double()
    return Value(
        float(natural.mean()),
        note="2/3 if midpoints are like ends",
        extractor=extractor.name,
        error=paths.endpoints.error_of_mean(natural),
    )


def _confidence(logits: Tensor) -> Tensor:
    """Probability of the most probable class, shape ``(n,)``."""
    return logits.softmax(1).amax(1)

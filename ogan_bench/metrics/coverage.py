"""Mode coverage: classes found by a classifier, and mixtures with known modes."""

from __future__ import annotations

from ogan_bench.metrics.definition import FRECHET, PACGAN, VEEGAN, Metric
from ogan_bench.metrics.feature_spaces import CLASSIFIER, Quantity, in_all_spaces

NDB = "Richardson and Weiss, 2018, arXiv 1805.12462"

BINS: dict[str, Quantity] = {
    "ndb": Quantity(
        "NDB/K",
        "lower",
        "Share of the k-means cells of the reference images in {space} in which the proportions of "
        "samples and of reference images differ significantly (5 %); about 0.05 for perfect "
        "samples.",
        NDB,
        ".3f",
    ),
    "ndb_js": Quantity(
        "cells JS in nats",
        "lower",
        "Jensen-Shannon divergence in nats between the samples' and the reference images' shares "
        "of k-means cells in {space}; from 0 to ln 2.",
        NDB,
    ),
}

CLASSES: dict[str, Metric] = {
    "modes_classifier": Metric(
        "modes",
        "higher",
        "Number of classes that the generator produces: more samples are classified as the class "
        "than other classes are misread as it (exact binomial test at 0.001 with the confusion of "
        "the test images), and the rest is at least a quarter of the class's share of the "
        "reference images.",
        VEEGAN,
        ".1f",
        extractor=CLASSIFIER,
        protocol="2",
    ),
    "modes_kl_classifier": Metric(
        "modes KL (nats)",
        "lower",
        "Kullback-Leibler divergence in nats between the samples' class shares p and those of the "
        "reference images q, both by the classifier: sum p log(p / q); 0 is best.",
        VEEGAN,
        ".3f",
        extractor=CLASSIFIER,
    ),
}

RECONSTRUCTIONS: dict[str, Metric] = {
    "rfd_classifier": Metric(
        "reconstruction FD (classifier)",
        "lower",
        "Fréchet distance between the test images and their reconstructions G(t·P(E(x))) in the "
        "classifier's features; 0 for perfect reconstructions.",
        FRECHET,
        extractor=CLASSIFIER,
    ),
}

POINTS: dict[str, Metric] = {
    "modes_points": Metric(
        "modes (points)",
        "higher",
        "Number of modes with at least one sample within 3 standard deviations of the centre; a "
        "single stray sample counts, as in the literature: modes KL tells the rest.",
        VEEGAN,
        ".1f",
    ),
    "high_quality_share": Metric(
        "high-quality share",
        "higher",
        "Share of samples within 3 standard deviations of the nearest centre; 0.98889 for perfect "
        "ones.",
        VEEGAN,
        ".3f",
    ),
    "modes_kl_points": Metric(
        "modes KL (points, nats)",
        "lower",
        "Kullback-Leibler divergence in nats between the modes' shares p among the samples of high "
        "quality and even shares 1/k: sum p log(p k); 0 is best.",
        PACGAN,
        ".3f",
    ),
}

COVERAGE: dict[str, Metric] = {**CLASSES, **RECONSTRUCTIONS, **POINTS, **in_all_spaces(BINS)}

"""Fidelity and diversity in a feature space; the literature's names are for Inception-v3 alone."""

from __future__ import annotations

from ogan_bench.metrics.base import FRECHET, KERNEL, MANIFOLD, SCORE, Metric

FIDELITY: dict[str, Metric] = {
    "fd_classifier": Metric(
        "FD (classifier)",
        "lower",
        "Fréchet distance between samples and training images in the penultimate layer of a "
        "classifier trained on the dataset, features scaled to root mean square 1 over the "
        "training images. Not an FID.",
        FRECHET,
        extractor="classifier",
    ),
    "kd_classifier": Metric(
        "KD (classifier)",
        "lower",
        "Unbiased squared MMD with the cubic polynomial kernel in the same features.",
        KERNEL,
        extractor="classifier",
    ),
    "isc_classifier": Metric(
        "IS (classifier)",
        "higher",
        "Inception-score formula with the classes of the dataset's own classifier; at most the "
        "number of classes.",
        SCORE,
        ".3f",
        extractor="classifier",
    ),
    "precision_classifier": Metric(
        "precision (classifier)",
        "higher",
        "Share of samples inside the k-NN manifold (k = 3) of the training images.",
        MANIFOLD,
        ".3f",
        extractor="classifier",
    ),
    "recall_classifier": Metric(
        "recall (classifier)",
        "higher",
        "Share of training images inside the k-NN manifold (k = 3) of the samples.",
        MANIFOLD,
        ".3f",
        extractor="classifier",
    ),
    "fid": Metric(
        "FID",
        "lower",
        "Fréchet distance in Inception-v3 (TF) features.",
        FRECHET,
        extractor="inception",
    ),
    "kid": Metric(
        "KID",
        "lower",
        "Kernel distance in Inception-v3 (TF) features.",
        KERNEL,
        extractor="inception",
    ),
    "isc": Metric(
        "IS",
        "higher",
        "Inception score (Inception-v3, TF).",
        SCORE,
        ".3f",
        extractor="inception",
    ),
}

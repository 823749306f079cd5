"""Latent linear separability, with the baselines that it must beat."""

from __future__ import annotations

from ogan_bench.metrics.base import PROBE, Metric

SEPARABILITY: dict[str, Metric] = {
    "probe_accuracy": Metric(
        "linear probe on N(E(x))",
        "higher",
        "Test accuracy of logistic regression on standardised N(E(x)).",
        PROBE,
        ".3f",
    ),
    "probe_accuracy_untrained": Metric(
        "linear probe, untrained encoder",
        None,
        "The same probe on the encoder before training (same seed, same architecture).",
        PROBE,
        ".3f",
    ),
    "probe_accuracy_pca": Metric(
        "linear probe, PCA",
        None,
        "The same probe on as many principal components of the pixels as the code has dimensions.",
        PROBE,
        ".3f",
    ),
    "probe_accuracy_pixels": Metric(
        "linear probe, pixels", None, "The same probe on raw pixels.", PROBE, ".3f"
    ),
}

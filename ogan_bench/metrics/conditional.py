"""Conditional generators: does G obey its labels?"""

from __future__ import annotations

from ogan_bench.metrics.definition import ACGAN, ICGAN, PROJECTION, Metric
from ogan_bench.metrics.feature_spaces import CLASSIFIER

CONDITIONAL: dict[str, Metric] = {
    "conditional_accuracy": Metric(
        "conditional accuracy",
        "higher",
        "Share of samples that the classifier gives the class they were asked for.",
        ACGAN,
        ".3f",
        extractor=CLASSIFIER,
    ),
    "swap_accuracy": Metric(
        "label swap accuracy",
        "higher",
        "Share of test images whose code, decoded under another label, the classifier gives that "
        "other class.",
        ICGAN,
        ".3f",
        extractor=CLASSIFIER,
    ),
    "fd_classifier_within": Metric(
        "FD within classes (classifier)",
        "lower",
        "Mean over classes of the Fréchet distance between the samples asked for and the reference "
        "images of the class, in the classifier's features.",
        PROJECTION,
        extractor=CLASSIFIER,
    ),
}

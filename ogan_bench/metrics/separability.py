"""Latent linear separability, with the baselines it must beat."""

from __future__ import annotations

from dataclasses import replace

from ogan_bench.metrics.definition import BIGAN, PROBE, Metric
from ogan_bench.metrics.feature_spaces import CLASSIFIER

KNN = "after Wu et al., 2018, arXiv 1805.01978, and Caron et al., 2021, arXiv 2104.14294"
BASELINES = {
    "untrained": (
        "untrained encoder",
        "the standardised codes of the encoder before training (same seed, same architecture)",
    ),
    "pca": ("PCA", "as many principal components of the pixels as the code has dimensions"),
    "pixels": ("pixels", "raw pixels, of images shrunk to at most 32 x 32"),
}
"""Maps the suffix of a name to what the probe sees instead of N(E(x))."""


def _with_baselines(name: str, title: str, definition: str, source: str) -> dict[str, Metric]:
    """A probe on N(E(x)), and the same probe on the baselines it must beat."""
    own = Metric(title, "higher", definition, source, ".3f", group="probes")
    return {name: own} | {
        f"{name}_{ending}": replace(
            own, title=f"{title}, {seen}", better=None, definition=f"The same as {name}, on {what}."
        )
        for ending, (seen, what) in BASELINES.items()
    }


_CHOSEN = "C is chosen on a fifth of the labels, then the probe is fitted on all of them."

FEW_LABELS: dict[str, Metric] = {
    **_with_baselines(
        "probe_accuracy_10",
        "linear probe, 10 labels",
        "Test accuracy of logistic regression (C = 1) on standardised N(E(x)) with 10 labels, "
        "drawn evenly over classes; mean over 10 draws.",
        PROBE,
    ),
    **_with_baselines(
        "probe_accuracy_100",
        "linear probe, 100 labels",
        "Test accuracy of logistic regression on standardised N(E(x)) with 100 labels, drawn "
        f"evenly over classes; mean over 5 draws. {_CHOSEN}",
        PROBE,
    ),
    **_with_baselines(
        "probe_accuracy_1000",
        "linear probe, 1,000 labels",
        "Test accuracy of logistic regression on standardised N(E(x)) with 1,000 labels, drawn "
        f"evenly over classes. {_CHOSEN}",
        PROBE,
    ),
    **_with_baselines(
        "probe_accuracy_10000",
        "linear probe, 10,000 labels",
        "Test accuracy of logistic regression on standardised N(E(x)) with 10,000 labels, drawn "
        f"evenly over classes. {_CHOSEN}",
        PROBE,
    ),
}

OTHER_PROBES: dict[str, Metric] = {
    **_with_baselines(
        "svm_accuracy_1000",
        "linear SVM, 1,000 labels",
        "Test accuracy of linear support vector machines, each class against the rest, on "
        f"standardised N(E(x)) with 1,000 labels, drawn evenly over classes. {_CHOSEN}",
        "Dumoulin et al., 2017, arXiv 1606.00704",
    ),
    **_with_baselines(
        "knn_accuracy_1",
        "nearest neighbour",
        "Share of test images whose class is that of the nearest of the training images for "
        "probes, by Euclidean distance of N(E(x)).",
        BIGAN,
    ),
    **_with_baselines(
        "knn_accuracy_5",
        "5 nearest neighbours",
        "Share of test images whose class wins the vote of the 5 nearest of the training images "
        "for probes, by Euclidean distance of N(E(x)).",
        BIGAN,
    ),
    **_with_baselines(
        "attribute_accuracy_1000",
        "attribute probes, 1,000 labels",
        "Test accuracy, balanced between images with the attribute and without, of logistic "
        "regression on standardised N(E(x)) with 1,000 labels for each attribute; mean over "
        f"attributes. {_CHOSEN}",
        PROBE,
    ),
}

_TRUNK = (
    "the features before the code: the flattened input of E's last layer. The control of every "
    "probe of codes, since the discriminator of a plain GAN has them too"
)
_COSINE = (
    "Share of test images whose class wins the vote of the 20 nearest of the training images for "
    "probes, by cosine distance of"
)


def _with_untrained(name: str, own: Metric) -> dict[str, Metric]:
    """A metric of the trained encoder, and the same of the untrained one."""
    before = replace(
        own,
        title=f"{own.title}, untrained encoder",
        better=None,
        definition=f"The same as {name}, of the encoder before training (same seed, same "
        "architecture).",
    )
    return {name: own, f"{name}_untrained": before}


BEFORE_THE_CODE: dict[str, Metric] = {
    **_with_untrained(
        "probe_trunk",
        Metric(
            "linear probe on the trunk",
            "higher",
            f"Test accuracy of the probe of probe_accuracy on {_TRUNK}.",
            PROBE,
            ".3f",
            group="probes",
        ),
    ),
    **_with_untrained(
        "knn_trunk",
        Metric(
            "20 nearest neighbours by trunk",
            "higher",
            f"{_COSINE} {_TRUNK}.",
            KNN,
            ".3f",
            group="probes",
        ),
    ),
    **_with_untrained(
        "knn_code",
        Metric(
            "20 nearest neighbours by code",
            "higher",
            f"{_COSINE} N(E(x)): the same as knn_trunk, after the last layer.",
            KNN,
            ".3f",
            group="probes",
        ),
    ),
}

FISHER_VECTORS: dict[str, Metric] = _with_untrained(
    "probe_fisher_1000",
    Metric(
        "linear probe on Fisher vectors, 1,000 labels",
        "higher",
        "Test accuracy of logistic regression with 1,000 labels, drawn evenly over classes, on the "
        "gradients of E's score with respect to its parameters, less their mean over generated "
        f"images and divided by their deviation there. {_CHOSEN} What a GAN without an encoder has "
        "for a representation.",
        "Zhai et al., 2019, arXiv 1910.13101",
        ".3f",
        group="fisher",
    ),
)

LATENT_SEPARABILITY: dict[str, Metric] = {
    "separability_z_classifier": Metric(
        "separability of z (classifier)",
        "lower",
        "2^Σ_k H(Y_k|X_k), entropies in bits: how uncertain it is whether G(z) is of the "
        "classifier's class k, given the side of a hyperplane in the space of z that z is on; "
        "hyperplanes are fitted on the same points, the 5,000 most confident of 10,000. 1 is "
        "perfect. StyleGAN's measure takes 100,000 of 200,000, and 40 face attributes for classes.",
        "after Karras et al., 2019, arXiv 1812.04948",
        ".3f",
        extractor=CLASSIFIER,
        group="probes",
    ),
    "separability_z_classifier_heldout": Metric(
        "separability of new z (classifier)",
        "lower",
        "The same, with the same hyperplanes, on the 5,000 most confident of 10,000 other points: "
        "how well the hyperplanes generalise.",
        "ours, after Karras et al., 2019, arXiv 1812.04948",
        ".3f",
        extractor=CLASSIFIER,
        group="probes",
    ),
}

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
    **FEW_LABELS,
    **OTHER_PROBES,
    **BEFORE_THE_CODE,
    **FISHER_VECTORS,
    **LATENT_SEPARABILITY,
}

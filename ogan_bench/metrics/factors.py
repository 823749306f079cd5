"""Whether single dimensions of a code encode the known factors of rendered images."""

from __future__ import annotations

from ogan_bench.metrics.definition import Metric

_NO_AXIS = (
    " An isotropic prior has no preferred axes: perfect codes, rotated, also have values near 0, "
    "which are not a defect."
)
_DCI = "Eastwood and Williams, 2018, https://openreview.net/forum?id=By-7dz-AZ; the trees are ours"

FACTORS: dict[str, Metric] = {
    "dci_trees_disentanglement": Metric(
        "DCI disentanglement (trees)",
        "higher",
        "Whether each dimension of N(E(x)) is informative about one factor only: 1 minus the "
        "entropy of its feature importances in extremely randomised trees, weighted by importance; "
        "in [0, 1]." + _NO_AXIS,
        _DCI,
        ".3f",
        group="factors",
    ),
    "dci_trees_completeness": Metric(
        "DCI completeness (trees)",
        "higher",
        "Whether each factor is captured by a single dimension of N(E(x)), by the same "
        "importances; in [0, 1]." + _NO_AXIS,
        _DCI,
        ".3f",
        group="factors",
    ),
    "dci_trees_informativeness": Metric(
        "DCI informativeness (trees)",
        "higher",
        "Accuracy of the same trees for each factor on N(E(x)) of test images, mean over factors; "
        "in [0, 1]. Trees split along axes, so it too is higher if a factor has its own axis.",
        _DCI,
        ".3f",
        group="factors",
    ),
    "mig": Metric(
        "mutual information gap",
        "higher",
        "Mutual information of each factor with the most informative dimension of N(E(x)), minus "
        "that with the second most informative, divided by the factor's entropy, mean over "
        "factors; 20 bins; in [0, 1]." + _NO_AXIS,
        "Chen et al., 2018, arXiv 1802.04942",
        ".3f",
        group="factors",
    ),
    "sap": Metric(
        "SAP score",
        "higher",
        "Test accuracy of a linear support vector machine for each factor on the best single "
        "dimension of N(E(x)), minus that on the second best, mean over factors; in [0, 1]."
        + _NO_AXIS,
        "Kumar et al., 2018, arXiv 1711.00848",
        ".3f",
        group="factors",
    ),
    "sap_correlation": Metric(
        "SAP score (correlation)",
        "higher",
        "Squared correlation of each factor's index with the best single dimension of N(E(x)), "
        "minus that with the second best, mean over factors; in [0, 1]." + _NO_AXIS,
        "Kumar et al., 2018, arXiv 1711.00848",
        ".3f",
        group="factors",
    ),
}

"""Whether single dimensions of a code encode the known factors of rendered images."""

from __future__ import annotations

from ogan_bench.metrics.definition import Metric

_NO_AXIS = (
    " An isotropic prior prefers no axis, and perfect codes that are rotated have values near 0: "
    "they are no defect."
)
_DCI = "Eastwood and Williams, 2018, https://openreview.net/forum?id=By-7dz-AZ; the trees are ours"

FACTORS: dict[str, Metric] = {
    "dci_trees_disentanglement": Metric(
        "DCI disentanglement (trees)",
        "higher",
        "Whether each dimension of N(E(x)) says something of one factor only: 1 minus the entropy "
        "of its importances to extremely randomised trees, weighted by importance; in [0, 1]."
        + _NO_AXIS,
        _DCI,
        ".3f",
        group="factors",
    ),
    "dci_trees_completeness": Metric(
        "DCI completeness (trees)",
        "higher",
        "Whether one dimension of N(E(x)) says all that is said of each factor, by the same "
        "importances; in [0, 1]." + _NO_AXIS,
        _DCI,
        ".3f",
        group="factors",
    ),
    "dci_trees_informativeness": Metric(
        "DCI informativeness (trees)",
        "higher",
        "Accuracy of the same trees for each factor on N(E(x)) of test images, mean over factors; "
        "in [0, 1]. Trees cut along axes, so it too is higher where a factor has one of its own.",
        _DCI,
        ".3f",
        group="factors",
    ),
    "mig": Metric(
        "mutual information gap",
        "higher",
        "Mutual information of each factor with the dimension of N(E(x)) that tells most of it, "
        "minus that of the second, over the factor's entropy, mean over factors; 20 bins; in "
        "[0, 1]." + _NO_AXIS,
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

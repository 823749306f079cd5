"""Fidelity and diversity in a feature space; the literature's names apply only to Inception-v3."""

from __future__ import annotations

from ogan_bench.metrics.definition import FRECHET, KERNEL, MANIFOLD, SCORE, Metric
from ogan_bench.metrics.feature_spaces import CLASSIFIER, SPACES, Quantity, in_all_spaces

INFINITY = "Chong and Forsyth, 2019, arXiv 1911.07023"
PRDC = "Naeem et al., 2020, arXiv 2002.09797"
MIND = "Berthet et al., 2026, arXiv 2605.06797"
VENDI = "Friedman and Dieng, 2022, arXiv 2210.02410"
AUTHENTICITY = "Alaa et al., 2021, arXiv 2102.08921"
CMMD = "Jayasumana et al., 2023, arXiv 2401.09603"

QUANTITIES: dict[str, Quantity] = {
    "fd": Quantity(
        "FD",
        "lower",
        "Fréchet distance between samples and training images in {space}.",
        FRECHET,
        always=tuple(SPACES),
        remark="Not an FID.",
    ),
    "kd": Quantity(
        "KD",
        "lower",
        "Unbiased squared MMD with the cubic polynomial kernel, mean over random subsets, in "
        "{space}.",
        KERNEL,
        always=tuple(SPACES),
        remark="Not a KID.",
    ),
    "isc": Quantity(
        "IS",
        "higher",
        "Inception-score formula exp E KL(p(y|x) || p(y)) with the classes of the net behind "
        "{space}; at most their number.",
        SCORE,
        ".3f",
        split="generated",
        always=tuple(SPACES),
        spaces=tuple(name for name, space in SPACES.items() if space.classes),
        remark="Not an Inception score.",
    ),
    "precision": Quantity(
        "precision",
        "higher",
        "Share of samples inside the k-NN manifold (k = 3) of the training images in {space}.",
        MANIFOLD,
        ".3f",
        always=(CLASSIFIER,),
    ),
    "recall": Quantity(
        "recall",
        "higher",
        "Share of training images inside the k-NN manifold (k = 3) of the samples in {space}.",
        MANIFOLD,
        ".3f",
        always=(CLASSIFIER,),
    ),
    "density": Quantity(
        "density",
        "higher",
        "Number of the training images' k-NN balls (k = 5) that a sample lies in, mean over "
        "samples, divided by k, in {space}; 1 is expected for perfect samples, more is possible.",
        PRDC,
        ".3f",
    ),
    "coverage": Quantity(
        "coverage",
        "higher",
        "Share of training images whose k-NN ball (k = 5) in {space} contains a sample; the note "
        "gives the value expected for perfect samples.",
        PRDC,
        ".3f",
    ),
    "kd_exact": Quantity(
        "KD, all pairs",
        "lower",
        "Unbiased squared MMD with the cubic polynomial kernel over all pairs of samples and "
        "training images in {space}.",
        KERNEL,
        remark="Not a KID.",
    ),
    "fd_infinity": Quantity(
        "FD∞",
        "lower",
        "Fréchet distance between samples and training images in {space}, extrapolated to "
        "infinitely many samples; may be negative.",
        INFINITY,
        remark="Not an FID.",
    ),
    "sliced_wasserstein": Quantity(
        "sliced W₂²",
        "lower",
        "Squared Wasserstein-2 distance of one-dimensional projections, mean over 1000 random "
        "directions, multiplied by three times the number of features, in {space}.",
        MIND,
    ),
    "vendi": Quantity(
        "Vendi score",
        "higher",
        "Effective number of distinct samples, from 1 to their number, by cosine similarity in "
        "{space}; compare it with that of equally many training images, given in the note.",
        VENDI,
        ".3f",
        split="generated",
    ),
    "authenticity": Quantity(
        "authenticity",
        None,
        "Share of samples that are farther from their nearest training image in {space} than that "
        "image is from its own nearest neighbour; low if samples are copies.",
        AUTHENTICITY,
        ".3f",
    ),
    "cmmd": Quantity(
        "CMMD",
        "lower",
        "1000 times the squared MMD with a Gaussian kernel of width 10 between {space} of unit "
        "length; the V-statistic, as in the authors' code.",
        CMMD,
        spaces=("clip",),
    ),
}

FIDELITY: dict[str, Metric] = in_all_spaces(QUANTITIES)

"""Fidelity and diversity in a feature space; the literature's names apply only to Inception-v3."""

from __future__ import annotations

from ogan_bench.metrics.definition import FRECHET, KERNEL, MANIFOLD, OWN, SCORE, Metric
from ogan_bench.metrics.feature_spaces import CLASSIFIER, SPACES, Quantity, in_all_spaces

INFINITY = "Chong and Forsyth, 2019, arXiv 1911.07023"
PRDC = "Naeem et al., 2020, arXiv 2002.09797"
MIND = "Berthet et al., 2026, arXiv 2605.06797"
VENDI = "Friedman and Dieng, 2022, arXiv 2210.02410"
RKE = "Jalali et al., NeurIPS 2023"
AUTHENTICITY = "Alaa et al., 2021, arXiv 2102.08921"
COPYING = "Meehan et al., 2020, arXiv 2004.05675"
FLD = "Jiralerspong et al., 2023, arXiv 2302.04440"
PRD = "Sajjadi et al., 2018, arXiv 1806.00035"
CLIPPED = "Salvy et al., 2025, arXiv 2507.01761"
WAVELETS = "Veeramacheneni et al., ICLR 2025"
CMMD = "Jayasumana et al., 2023, arXiv 2401.09603"

QUANTITIES: dict[str, Quantity] = {
    "fd": Quantity(
        "FD",
        "lower",
        "Fréchet distance between samples and reference images in {space}.",
        FRECHET,
        always=tuple(SPACES),
        remark="Not an FID.",
    ),
    "fd_debiased": Quantity(
        "FD, debiased",
        "lower",
        "Fréchet distance between samples and reference images in {space}, less its floor from "
        "the finite numbers of both; about 0 for perfect samples, may be negative. Where scales "
        "differ the floor is not quite that of the samples: with 64 features and 1,000 images a "
        "side, a distance of 0.64 is given as 0.69 for a shift and as 0.48 for a scale of 0.9.",
        OWN,
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
        "{space}, over all samples at once; at most their number.",
        SCORE,
        ".3f",
        alone=True,
        protocol="2",
        always=tuple(SPACES),
        spaces=tuple(name for name, space in SPACES.items() if space.classes),
        remark="Not an Inception score.",
    ),
    "clipped_density": Quantity(
        "Clipped Density",
        "higher",
        "Mean over samples of min(1, number of the reference images' k-NN balls that hold it / k), "
        "radii clipped at their median, k = 5, in {space}; divided by the same mean of the "
        "reference images, at most 1: about the share of good samples.",
        CLIPPED,
        ".3f",
        always=(CLASSIFIER,),
    ),
    "clipped_coverage": Quantity(
        "Clipped Coverage",
        "higher",
        "Mean over reference images of min(1, number of samples in its k-NN ball / k), k = 5, in "
        "{space}, mapped to the share of good samples that explains it; from 0 to 1.",
        CLIPPED,
        ".3f",
        always=(CLASSIFIER,),
    ),
    "precision": Quantity(
        "precision",
        "higher",
        "Share of samples inside the k-NN manifold (k = 3) of the reference images in {space}; "
        "rises under blur too, up to 1 for constant images, and perfect samples are below 1.",
        MANIFOLD,
        ".3f",
        always=(CLASSIFIER,),
    ),
    "recall": Quantity(
        "recall",
        "higher",
        "Share of reference images inside the k-NN manifold (k = 3) of the samples in {space}.",
        MANIFOLD,
        ".3f",
        always=(CLASSIFIER,),
    ),
    "density": Quantity(
        "density",
        "higher",
        "Number of the reference images' k-NN balls (k = 5) that a sample lies in, mean over "
        "samples, divided by k, in {space}; 1 is expected for perfect samples, and blurred or "
        "constant images exceed it.",
        PRDC,
        ".3f",
    ),
    "coverage": Quantity(
        "coverage",
        "higher",
        "Share of reference images whose k-NN ball (k = 5) in {space} contains a sample; the note "
        "gives the value expected for perfect samples.",
        PRDC,
        ".3f",
    ),
    "prd_precision": Quantity(
        "PRD precision (F_1/8)",
        "higher",
        "Largest F-score that weighs precision 8 times on the curve of precision and recall of the "
        "shares of 20 k-means cells, curve averaged over 10 runs, in {space}; from 0 to 1, and a "
        "little below 1 for perfect samples. Equal numbers of samples and reference images.",
        PRD,
        ".3f",
    ),
    "prd_recall": Quantity(
        "PRD recall (F_8)",
        "higher",
        "Largest F-score that weighs recall 8 times on the same curve in {space}; from 0 to 1, and "
        "a little below 1 for perfect samples.",
        PRD,
        ".3f",
    ),
    "kd_exact": Quantity(
        "KD, all pairs",
        "lower",
        "Unbiased squared MMD with the cubic polynomial kernel over all pairs of samples and "
        "reference images in {space}.",
        KERNEL,
        remark="Not a KID.",
    ),
    "fd_infinity": Quantity(
        "FD∞",
        "lower",
        "Fréchet distance between samples and reference images in {space}, extrapolated to "
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
        "{space}; compare it with that of equally many reference images, given in the note.",
        VENDI,
        ".3f",
        alone=True,
    ),
    "rke": Quantity(
        "RKE score",
        "higher",
        "Effective number of distinct samples by Rényi's entropy of order 2, from 1 to their "
        "number, by cosine similarity in {space}; compare it with that of equally many reference "
        "images, given in the note.",
        RKE,
        ".3f",
        alone=True,
    ),
    "authenticity": Quantity(
        "authenticity",
        None,
        "Share of samples that are farther from their nearest training image in {space} than that "
        "image is from its own nearest neighbour; low if samples are copies.",
        AUTHENTICITY,
        ".3f",
    ),
    "data_copying": Quantity(
        "C_T, data copying",
        None,
        "z score of a Mann-Whitney test of the samples' distances to their nearest image trained "
        "on against those of the test images, in {space}, within k-means cells of the training "
        "images, mean by the cells' test images; about 0 for new samples, below -3 if many are "
        "copies, positive if they are farther off than test images.",
        COPYING,
        ".2f",
    ),
    "fld_gap": Quantity(
        "FLD gap",
        None,
        "Log-likelihood of images trained on less that of test images, in nats per feature, in a "
        "mixture of isotropic normals about the samples fitted to the former, in {space}; large if "
        "samples are copies, a little above 0 for new samples.",
        FLD,
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

WITHOUT_NETWORK: dict[str, Metric] = {
    "fwd": Metric(
        "FWD",
        "lower",
        "Fréchet distance between the Haar wavelet packets of samples and of reference images, "
        "mean over packets, with pixels from 0 to 1; packets of 8 pixels a side, of level 4 at "
        "most. It needs no network and sees textures more than objects.",
        WAVELETS,
        group="diversity",
    ),
}

FIDELITY: dict[str, Metric] = {**in_all_spaces(QUANTITIES), **WITHOUT_NETWORK}

"""Fidelity and diversity in a feature space: torch-fidelity's functions from features to numbers.

Everywhere the generated features come first and the reference, the training images, second.
Degenerate inputs raise ``ValueError``; :func:`fidelity_rows` turns that into rows without value.
A collapsed generator is not degenerate: its distance is finite, large and worth reporting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ogan_bench.evaluation.features import Features
from ogan_bench.evaluation.rows import Row, attempt
from ogan_bench.seeding import derive, generator

CLASSIFIER = {
    "frechet": "fd_classifier",
    "kernel": "kd_classifier",
    "score": "isc_classifier",
    "precision": "precision_classifier",
    "recall": "recall_classifier",
}
INCEPTION = {"frechet": "fid", "kernel": "kid", "score": "isc"}
"""Which quantity goes by which name; precision and recall have no Inception-v3 convention."""

NEIGHBOURS = 3
MAX_MANIFOLD = 10_000
KERNEL_SUBSET = 1000
MAX_KERNEL_SUBSETS = 100
LITERATURE_SPLITS = 10
MIN_SPLIT_SAMPLES = 5000
_SEEDS = 2**32  # numpy's legacy generator, which torch-fidelity uses, takes no larger seed


def frechet_distance(samples: Tensor, reference: Tensor) -> float:
    """|m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½) of two sets of features.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.

    Returns:
        The distance in squared units of the features; rounding errors below 0 are cut off.

    Raises:
        ValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        M. Heusel et al., GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
        Equilibrium, 2017, https://arxiv.org/abs/1706.08500
    """
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    _check(samples, reference)
    # In double precision: the distance is a small difference of large traces.
    first, second = (fid_features_to_statistics(t.double()) for t in (samples, reference))
    result = fid_statistics_to_metric(first, second, verbose=False)
    return max(0.0, float(result["frechet_inception_distance"]))


def frechet_floor(reference: Tensor, n_samples: int) -> float:
    """What the Fréchet distance is expected to be for a perfect generator, by sample size alone.

    With the eigenvalues l of the reference's covariance S, to first order in 1/n,

        ½ (1/n + 1/m) [2 tr S + Σ_ij l_i l_j (1 + δ_ij) / (l_i + l_j)].

    Exact in the limit of many samples of a Gaussian; within a few per cent for n ≫ k.

    Args:
        reference: Reference features, shape ``(m, k)``.
        n_samples: Number n of generated samples.

    Raises:
        ValueError: There are not more samples than features, so that the expansion fails.
    """
    m, k = reference.shape
    if min(n_samples, m) <= k:
        raise ValueError(f"no floor: {min(n_samples, m)} images for {k} features")
    eigenvalues = torch.linalg.eigvalsh(torch.cov(reference.double().T).reshape(k, k))
    eigenvalues = eigenvalues[eigenvalues > 1e-12 * eigenvalues[-1]]
    product = torch.outer(eigenvalues, eigenvalues)
    pairs = product / (eigenvalues[:, None] + eigenvalues[None, :])
    bracket = 2 * eigenvalues.sum() + pairs.sum() + pairs.trace()
    return 0.5 * (1 / n_samples + 1 / m) * float(bracket)


def kernel_distance(samples: Tensor, reference: Tensor, seed: int) -> float:
    """Unbiased squared MMD with the kernel (x·y / k + 1)³, averaged over random subsets.

    Subsets have 1000 rows, or all where there are fewer; there are as many as it takes to draw
    every row ten times, and 100 at the most. The mean over identical distributions is 0, so values
    may be negative.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.
        seed: Seed of the subsets.

    Raises:
        ValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        M. Bińkowski et al., Demystifying MMD GANs, 2018, https://arxiv.org/abs/1801.01401
    """
    from torch_fidelity.metric_kid import kid_features_to_metric

    _check(samples, reference)
    n = min(len(samples), len(reference))
    size = min(KERNEL_SUBSET, n)
    result = kid_features_to_metric(
        # In double precision: cubes of inner products cancel to a small difference.
        samples.double(),
        reference.double(),
        kid_subsets=min(MAX_KERNEL_SUBSETS, -(-10 * n // size)),
        kid_subset_size=size,
        rng_seed=derive(seed, "evaluation/kernel") % _SEEDS,
        verbose=False,
    )
    return float(result["kernel_inception_distance_mean"])


def classifier_score(logits: Tensor, seed: int) -> float:
    """exp E_x KL(p(y|x) || p(y)): between 1 and the number of classes.

    The mean over the literature's 10 splits from 5000 samples on. Fewer samples stay in one piece,
    since a split of a few hundred biases the score downwards.

    Args:
        logits: Of generated images, shape ``(n, classes)``.
        seed: Seed of the assignment to splits.

    Raises:
        ValueError: Too few rows, or values that are not finite.

    References:
        T. Salimans et al., Improved Techniques for Training GANs, 2016,
        https://arxiv.org/abs/1606.03498
    """
    from torch_fidelity.metric_isc import isc_features_to_metric

    _check(logits)
    # A probability that underflows to 0 would give 0 · ∞; e^-700 is the same number to the score.
    logits = (logits.double() - logits.double().amax(1, keepdim=True)).clamp_min(-700)
    result = isc_features_to_metric(
        logits,
        splits=LITERATURE_SPLITS if len(logits) >= MIN_SPLIT_SAMPLES else 1,
        rng_seed=derive(seed, "evaluation/score") % _SEEDS,
    )
    return float(result["inception_score_mean"])


def precision_recall(samples: Tensor, reference: Tensor, seed: int) -> tuple[float, float, int]:
    """Shares of samples in the reference's manifold, and of the reference in the samples'.

    A manifold is the union of balls around its points, each reaching to the third nearest
    neighbour. Its volume depends on the number of points, so both sets are cut, by a seeded choice,
    to the size of the smaller one and to 10,000 at the most.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.
        seed: Seed of the choice.

    Returns:
        Precision, recall, and the number of points of each set.

    Raises:
        ValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        T. Kynkäänniemi et al., Improved Precision and Recall Metric for Assessing Generative
        Models, 2019, https://arxiv.org/abs/1904.06991
    """
    from torch_fidelity.metric_prc import prc_features_to_metric

    _check(samples, reference)
    n = min(len(samples), len(reference), MAX_MANIFOLD)
    chosen = [
        features[torch.randperm(len(features), generator=generator(seed, stage))[:n]]
        for features, stage in (
            (samples, "evaluation/manifold/samples"),
            (reference, "evaluation/manifold/reference"),
        )
    ]
    # Blockwise: the distances of 10,000 points all at once take gigabytes.
    result = prc_features_to_metric(
        *chosen, prc_neighborhood=NEIGHBOURS, prc_batch_size=2500, save_cpu_ram=True, verbose=False
    )
    return float(result["precision"]), float(result["recall"]), n


def fidelity_rows(
    samples: Features, reference: Features, names: Mapping[str, str], seed: int
) -> list[Row]:
    """All distances between samples and reference that ``names`` has a metric for.

    Args:
        samples: Of the generated images.
        reference: Of the training images, by the same extractor.
        names: :data:`CLASSIFIER` or :data:`INCEPTION`.
        seed: Seed of random choices.
    """
    n, extractor = len(samples), samples.extractor
    against = f"against {len(reference)} training images"

    def distance() -> list[Row]:
        value = frechet_distance(samples.features, reference.features)
        try:
            floor, note = frechet_floor(reference.features, n), against
        except ValueError as error:
            floor, note = None, f"{against}; {error}"
        return [Row(names["frechet"], value, n, "train", extractor, floor=floor, note=note)]

    def kernel() -> list[Row]:
        value = kernel_distance(samples.features, reference.features, seed)
        return [Row(names["kernel"], value, n, "train", extractor, floor=0.0, note=against)]

    def score() -> list[Row]:
        value = classifier_score(samples.logits, seed)
        return [Row(names["score"], value, n, "generated", extractor)]

    def manifold() -> list[Row]:
        *values, points = precision_recall(samples.features, reference.features, seed)
        note = f"against {points} training images"
        return [
            Row(names[name], value, points, "train", extractor, note=note)
            for name, value in zip(("precision", "recall"), values, strict=True)
        ]

    groups: list[tuple[tuple[str, ...], Callable[[], list[Row]]]] = [
        (("frechet",), distance),
        (("kernel",), kernel),
        (("score",), score),
        (("precision", "recall"), manifold),
    ]
    rows: list[Row] = []
    for quantities, measure in groups:
        if metrics := [names[name] for name in quantities if name in names]:
            split = "generated" if quantities == ("score",) else "train"
            rows += attempt(metrics, measure, n_samples=n, split=split, extractor=extractor)
    return rows


def reconstruction_distance_rows(reconstructions: Features, originals: Features) -> list[Row]:
    """The Fréchet distance between test images and their own reconstructions.

    Both sets are made of the same images, so perfect reconstructions have exactly 0, whatever
    their number.

    Args:
        reconstructions: Of G(t·P(E(x))).
        originals: Of the test images x.
    """
    name, n, extractor = "rfd_classifier", len(originals), originals.extractor

    def measure() -> list[Row]:
        value = frechet_distance(reconstructions.features, originals.features)
        return [Row(name, value, n, "test", extractor)]

    return attempt([name], measure, n_samples=n, split="test", extractor=extractor)


def _check(samples: Tensor, reference: Tensor | None = None) -> None:
    for name, features in (("samples", samples), ("reference images", reference)):
        if features is None:
            continue
        if len(features) <= NEIGHBOURS:
            raise ValueError(f"{len(features)} {name} are too few")
        if not bool(features.isfinite().all()):
            raise ValueError(f"features of the {name} are not finite")
    if reference is not None and bool((reference == reference[0]).all()):
        raise ValueError("features of the reference images are constant")

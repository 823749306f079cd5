"""What is always measured in a feature space; the classifier score by torch-fidelity.

Everywhere the generated features come first and the reference, the training images, second.
Degenerate inputs raise ``ValueError``; :func:`fidelity_rows` turns that into rows without value.
A collapsed generator is not degenerate: its distance is finite, large and worth reporting.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.feature_sets import check
from ogan_bench.evaluation.fidelity.floor import with_floor
from ogan_bench.evaluation.fidelity.frechet import frechet_distance, frechet_floor
from ogan_bench.evaluation.fidelity.kernel import unbiased_cubic_mmd
from ogan_bench.evaluation.fidelity.quantities import quantity_rows
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.features.extractor import Features
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import names_in
from ogan_bench.metrics.fidelity import QUANTITIES
from ogan_bench.seeding import derive

KERNEL_SUBSET = 1000
MAX_KERNEL_SUBSETS = 100
LITERATURE_SPLITS = 10
MIN_SPLIT_SAMPLES = 5000
_SEEDS = 2**32  # numpy's legacy generator, which torch-fidelity uses too, takes no larger seed


def kernel_distance(samples: Tensor, reference: Tensor, seed: int) -> float:
    """Unbiased squared MMD with the kernel (x·y / k + 1)³, averaged over random subsets.

    Subsets have 1000 rows, or all if there are fewer. There are enough subsets to draw every row
    ten times, but at most 100. The mean for identical distributions is 0, so values may be
    negative.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.
        seed: Seed of the subsets.

    Raises:
        ValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        M. Bińkowski et al., Demystifying MMD GANs, 2018, https://arxiv.org/abs/1801.01401
    """
    check(samples, reference)
    n = min(len(samples), len(reference))
    size = min(KERNEL_SUBSET, n)
    random = np.random.RandomState(derive(seed, "evaluation/kernel") % _SEEDS)
    distances = []
    for _ in range(min(MAX_KERNEL_SUBSETS, -(-10 * n // size))):
        x, y = (
            points[
                torch.from_numpy(random.choice(len(points), size, replace=False)).to(points.device)
            ]
            for points in (samples, reference)
        )
        distances.append(unbiased_cubic_mmd(x, y))
    return float(np.mean(distances))


def classifier_score(logits: Tensor, seed: int) -> float:
    """exp E_x KL(p(y|x) || p(y)): between 1 and the number of classes.

    From 5000 samples on, the mean over the literature's 10 splits. Fewer samples are not split,
    since splits of a few hundred bias the score downwards.

    Args:
        logits: Logits of generated images, shape ``(n, classes)``.
        seed: Seed of the assignment to splits.

    Raises:
        ValueError: Too few rows, or values that are not finite.

    References:
        T. Salimans et al., Improved Techniques for Training GANs, 2016,
        https://arxiv.org/abs/1606.03498
    """
    from torch_fidelity.metric_isc import isc_features_to_metric

    check(logits)
    # A probability that underflows to 0 would give 0 · ∞; e^-700 makes no difference to the score.
    logits = (logits.double() - logits.double().amax(1, keepdim=True)).clamp_min(-700)
    result = isc_features_to_metric(
        logits,
        splits=LITERATURE_SPLITS if len(logits) >= MIN_SPLIT_SAMPLES else 1,
        rng_seed=derive(seed, "evaluation/score") % _SEEDS,
    )
    return float(result["inception_score_mean"])


def fidelity_rows(
    compared: Comparison, logits: Tensor, space: SpaceName, extractor: str
) -> list[Row]:
    """All metrics always measured between samples and training images in a space.

    Args:
        compared: Features of the generated images and of the training images.
        logits: Logits of the generated images, shape ``(n, classes)``.
        space: Name of the feature space.
        extractor: Its name with the hash of its weights.
    """
    samples, reference, seed = compared.samples, compared.reference, compared.seed
    n, against = len(samples), compared.against

    def distance() -> Value:
        known = reference.moments
        value = Value(frechet_distance(samples, known), note=against)
        return with_floor(value, lambda: frechet_floor(known, n))

    def kernel() -> Value:
        return Value(kernel_distance(samples, reference.features, seed), 0.0, against)

    def score() -> Value:
        return Value(classifier_score(logits, seed))

    def manifold(quantity: str) -> Value:
        points = compared.manifolds.points
        note = f"against {points} training images"
        return Value(getattr(compared.manifolds, quantity), note=note, n_samples=points)

    measures = {
        "fd": distance,
        "kd": kernel,
        "isc": score,
        "precision": lambda: manifold("precision"),
        "recall": lambda: manifold("recall"),
    }
    names = names_in(space, QUANTITIES, always=True)
    return quantity_rows(measures, names, n_samples=n, extractor=extractor)


def reconstruction_distance_rows(reconstructions: Features, originals: Features) -> list[Row]:
    """The Fréchet distance between test images and their own reconstructions.

    Both sets come from the same images, so perfect reconstructions give exactly 0, whatever
    their number.

    Args:
        reconstructions: Features of G(t·P(E(x))).
        originals: Features of the test images x.
    """

    def distance() -> Value:
        return Value(frechet_distance(reconstructions.features, originals.features))

    return measured_rows(
        {"rfd_classifier": distance},
        n_samples=len(originals),
        split="test",
        extractor=originals.extractor,
    )

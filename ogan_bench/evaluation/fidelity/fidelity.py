"""What is always measured in a feature space.

Everywhere the generated features come first and the reference second.
Degenerate inputs raise ``NoValueError``; :func:`fidelity_rows` turns that into rows without value.
A collapsed generator is not degenerate: its distance is finite, large and worth reporting.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ogan_bench.evaluation.fidelity.comparison import Comparison
from ogan_bench.evaluation.fidelity.feature_sets import check
from ogan_bench.evaluation.fidelity.floor import with_floor
from ogan_bench.evaluation.fidelity.frechet import (
    frechet_distance,
    frechet_floor,
    frechet_influence,
)
from ogan_bench.evaluation.fidelity.kernel import unbiased_cubic_mmd
from ogan_bench.evaluation.fidelity.quantities import manifold_value, quantity_rows
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import Estimate, of_mean
from ogan_bench.features.extractor import Features
from ogan_bench.metrics.definition import SpaceName
from ogan_bench.metrics.feature_spaces import names_in
from ogan_bench.metrics.fidelity import QUANTITIES
from ogan_bench.seeding import derive

KERNEL_SUBSET = 1000
MAX_KERNEL_SUBSETS = 100
ALWAYS = ("clipped_density", "clipped_coverage", "precision", "recall")
"""Quantities of balls that are always measured where the classes are the dataset's own."""
_SEEDS = 2**32  # numpy's legacy generator takes no larger seed


def kernel_distance(samples: Tensor, reference: Tensor, seed: int) -> Estimate:
    """Unbiased squared MMD with the kernel (x·y / k + 1)³, averaged over random subsets.

    Subsets have 1000 rows, or all if there are fewer. There are enough subsets to draw every row
    ten times, but at most 100. The mean for identical distributions is 0, so values may be
    negative.

    Args:
        samples: Generated features, shape ``(n, k)``.
        reference: Reference features, shape ``(m, k)``.
        seed: Seed of the subsets.

    Returns:
        The distance, and its standard error from the finite number of samples with the reference
        fixed; for perfect samples the first order vanishes and it is up to twice too large.

    Raises:
        NoValueError: Too few rows, values that are not finite, or a constant reference.

    References:
        M. Bińkowski et al., Demystifying MMD GANs, 2018, https://arxiv.org/abs/1801.01401
    """
    check(samples, reference)
    n = min(len(samples), len(reference))
    size = min(KERNEL_SUBSET, n)
    random = np.random.RandomState(derive(seed, "evaluation/kernel") % _SEEDS)
    subsets = min(MAX_KERNEL_SUBSETS, -(-10 * n // size))
    moved = samples.new_zeros(len(samples), dtype=torch.float64)
    distances = []
    for _ in range(subsets):
        chosen, other = (
            torch.from_numpy(random.choice(len(points), size, replace=False)).to(points.device)
            for points in (samples, reference)
        )
        distance, influences = unbiased_cubic_mmd(samples[chosen], reference[other])
        distances.append(distance)
        moved[chosen] += (influences - influences.mean()) / (size * subsets)
    return Estimate(float(np.mean(distances)), float(moved.square().sum().sqrt()))


def classifier_score(logits: Tensor) -> Estimate:
    """exp E_x KL(p(y|x) || p(y)) over all samples: between 1 and the number of classes.

    The samples are not split. The literature's mean over 10 splits is lower, the more so the more
    classes there are for the samples of a split: 29.3 instead of 32.4 for 5000 random rows of 1000
    logits.

    Args:
        logits: Logits of generated images, shape ``(n, classes)``.

    Returns:
        The score with its standard error; the influence of a sample on the logarithm is its KL.

    Raises:
        NoValueError: Too few rows, or values that are not finite.

    References:
        T. Salimans et al., Improved Techniques for Training GANs, 2016,
        https://arxiv.org/abs/1606.03498
    """
    check(logits)
    log_p = logits.double().log_softmax(1)
    p = log_p.exp()
    log_mean = p.mean(0).clamp_min(torch.finfo(p.dtype).tiny).log()
    divergences = (p * (log_p - log_mean)).sum(1)
    score = float(divergences.mean().exp())
    error = of_mean(divergences)
    return Estimate(score, None if error is None else score * error)


def fidelity_rows(
    compared: Comparison, logits: Tensor, space: SpaceName, extractor: str
) -> list[Row]:
    """All metrics always measured between samples and reference images in a space.

    Args:
        compared: Features of the generated images and of the reference images.
        logits: Logits of the generated images, shape ``(n, classes)``.
        space: Name of the feature space.
        extractor: Its name with the hash of its weights.
    """
    samples, reference, seed = compared.samples, compared.reference, compared.seed
    n, against = len(samples), compared.against

    def distance() -> Value:
        found = compared.frechet
        value = Value(found.value, note=against, error=found.standard_error)
        return with_floor(value, lambda: frechet_floor(reference.moments, n))

    def debiased() -> Value:
        found = compared.frechet
        value = found.value - frechet_floor(reference.moments, n)
        return Value(value, 0.0, against, error=found.standard_error)

    def kernel() -> Value:
        found = kernel_distance(samples, reference.features, seed)
        return Value(found.value, 0.0, against, error=found.standard_error)

    def score() -> Value:
        found = classifier_score(logits)
        return Value(found.value, note="all samples, not split", error=found.standard_error)

    measures: dict[str, Callable[[], Value]] = {
        "fd": distance,
        "fd_debiased": debiased,
        "kd": kernel,
        "isc": score,
        **{name: functools.partial(manifold_value, compared, name) for name in ALWAYS},
    }
    names = names_in(space, QUANTITIES, always=True)
    return quantity_rows(measures, names, n_samples=n, split=compared.split, extractor=extractor)


def _paired_frechet_error(reconstructions: Tensor, originals: Tensor) -> float | None:
    """Standard error from the finite number of images, each of which moves both sets.

    ``None`` if there are too few images for it, or all reconstructions are equal.
    """
    if torch.equal(*reconstructions.aminmax(dim=0)):
        return None
    moved = frechet_influence(reconstructions, originals)
    moving = frechet_influence(originals, reconstructions)
    return None if moved is None or moving is None else of_mean(moved + moving)


def reconstruction_distance_rows(reconstructions: Features, originals: Features) -> list[Row]:
    """The Fréchet distance between test images and their own reconstructions.

    Both sets come from the same images, so perfect reconstructions give exactly 0, whatever
    their number.

    Args:
        reconstructions: Features of G(t·P(E(x))).
        originals: Features of the test images x.
    """

    def distance() -> Value:
        x_rec, x = reconstructions.features, originals.features
        return Value(frechet_distance(x_rec, x), error=_paired_frechet_error(x_rec, x))

    return measured_rows(
        {"rfd_classifier": distance},
        n_samples=len(originals),
        split="test",
        extractor=originals.extractor,
    )

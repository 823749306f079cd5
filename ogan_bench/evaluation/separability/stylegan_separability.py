"""How well hyperplanes in z space separate the classes of G(z), after StyleGAN's measure."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from ogan_bench.data.base import to_uint8
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.ensemble import in_each_member
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.features.extractor import extract
from ogan_bench.metrics.feature_spaces import CLASSIFIER
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.forward import BATCH_SIZE
from ogan_bench.sampling.samples import prior_samples
from ogan_bench.seeding import generator

POINTS = 10_000
"""Draws of z that the hyperplanes are fitted on, and the same number for testing them."""
MAX_CLASSES = 100
FITTED, HELD_OUT = "separability_z_classifier", "separability_z_classifier_heldout"


def conditional_entropy(joint: Tensor) -> float:
    """H(Y|X) = -Σ p(x, y) log2 p(y|x) in bits.

    Args:
        joint: Probabilities or counts of (x, y), shape ``(a, b)``.
    """
    p = joint.double() / joint.double().sum()
    given = p / p.sum(1, keepdim=True).clamp_min(torch.finfo(p.dtype).tiny)
    return max(0.0, -float(torch.xlogy(p, given).sum()) / math.log(2))


def most_confident(logits: Tensor) -> Tensor:
    """Indices of the half of the images with the most confident classification."""
    confidence = logits.double().softmax(1).amax(1)
    return confidence.argsort(descending=True, stable=True)[: len(logits) // 2]


def separability(z: Tensor, classes: Tensor, z_new: Tensor, new_classes: Tensor) -> Tensor:
    """2^Σ_k H(Y_k | X_k) on the points used for fitting, on new points, and by chance.

    Y_k says whether an image is of class k, X_k on which side of a hyperplane its z lies. The
    hyperplane of each class against the rest is that of a linear support vector machine (squared
    hinge loss, C = 1). 1 is perfect. Uninformative hyperplanes give 2^Σ_k H(Y_k), the chance level
    of new points.

    Args:
        z: Shape ``(n, d)``.
        classes: Class indices, shape ``(n,)``.
        z_new: Shape ``(m, d)``.
        new_classes: Class indices, shape ``(m,)``.

    Returns:
        The three numbers, shape ``(3,)``.

    Raises:
        NoValueError: There is only one class, or more than 100.

    References:
        T. Karras, S. Laine, T. Aila, A Style-Based Generator Architecture for Generative
        Adversarial Networks, 2019, https://arxiv.org/abs/1812.04948 (sums over 40 attributes of
        faces, on the points used for fitting)
    """
    from sklearn.svm import LinearSVC

    found = torch.cat([classes, new_classes]).unique()
    if len(found) > MAX_CLASSES:
        raise NoValueError(f"{len(found)} classes exceed the limit of {MAX_CLASSES}")
    if len(classes.unique()) < 2:
        raise NoValueError("all samples are of one class: there is nothing to separate")
    bits = torch.zeros(3, dtype=torch.float64)
    points = z.float().numpy()
    for k in found:
        y, y_new = classes == k, new_classes == k
        if bool(y.any()):
            plane = LinearSVC(dual=False).fit(points, y.numpy())
            sides = [torch.from_numpy(plane.predict(t.float().numpy())) for t in (z, z_new)]
        else:  # a class found only among the new points has no hyperplane
            sides = [torch.zeros_like(y), torch.zeros_like(y_new)]
        nowhere = torch.zeros_like(y_new)
        for i, (x, answer) in enumerate([(sides[0], y), (sides[1], y_new), (nowhere, y_new)]):
            joint = (2 * x.long() + answer.long()).bincount(minlength=4).view(2, 2)
            bits[i] += conditional_entropy(joint)
    return torch.exp2(bits)


def latent_separability_rows(context: ModelContext, points: int = POINTS) -> list[Row]:
    """The measure with the dataset's own classifiers, if these are among the feature spaces.

    Args:
        context: Provides G and the classifier.
        points: Draws of z that the hyperplanes are fitted on, and the same number for testing.
    """
    if CLASSIFIER not in context.settings.extractors:
        return []
    return in_each_member(context, CLASSIFIER, functools.partial(_rows, points))


def _rows(points: int, context: ModelContext) -> list[Row]:
    half = points // 2

    @functools.cache
    def measure() -> tuple[Tensor, str, str]:
        if context.trained.generator.conditional:
            raise NoValueError(
                "the generator is conditional: y decides the class of G(z, y), not z"
            )
        z, logits = _classified(context, 2 * points)
        parts = []
        for own, scores in zip(z.split(points), logits.split(points), strict=True):
            kept = most_confident(scores)
            parts += [own[kept], scores[kept].argmax(1)]
        found, classes = len(parts[1].unique()), logits.shape[1]
        note = f"{found} of {classes} classes among the {half} most confident of {points} images"
        return separability(*parts), note, context.extractor(CLASSIFIER).name

    def value(which: int) -> Value:
        values, note, extractor = measure()
        return Value(float(values[which]), float(values[2]), note, extractor)

    return measured_rows(
        {FITTED: lambda: value(0), HELD_OUT: lambda: value(1)}, n_samples=half, split="generated"
    )


def _classified(context: ModelContext, n: int) -> tuple[Tensor, Tensor]:
    """n draws of z and the classifier's logits of G(z).

    The samples of all metrics are used if there are enough of them. Otherwise the images are drawn
    here, with one batch of them in memory.
    """
    trained, extractor = context.trained, context.extractor(CLASSIFIER)
    samples, seed = context.settings.samples, context.settings.seed
    if samples >= n:
        logits_of_samples = context.features(CLASSIFIER, "generated").logits[:n]
        return prior_samples(trained, samples, seed)[:n], logits_of_samples
    noise = torch.randn(
        n,
        trained.z_dim,
        generator=generator(seed, "evaluation/separability/z"),
    )
    z = trained.objective.prior(noise)
    logits = []
    with torch.inference_mode():
        for batch in z.split(BATCH_SIZE):
            x_fake = trained.generator(batch.to(context.device), None)
            logits.append(extract(extractor, to_uint8(x_fake)).logits)
    return z, torch.cat(logits)

"""Whether a conditional generator obeys its labels, judged by the dataset's classifier."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.fidelity.floor import with_floor
from ogan_bench.evaluation.fidelity.frechet import (
    frechet_distance,
    frechet_error,
    frechet_floor,
    moments,
)
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import of_share
from ogan_bench.features.extractor import Features


class Labelled(NamedTuple):
    """Features of images, and their true or requested classes, shape ``(n,)``."""

    features: Features
    labels: Tensor


def agreement(images: Labelled) -> float:
    """Share of images whose most probable class is their label.

    Raises:
        NoValueError: There are no images, or logits are not finite.
    """
    logits = images.features.logits
    if len(logits) == 0 or not bool(logits.isfinite().all()):
        raise NoValueError("logits are missing or not finite")
    return float((logits.argmax(1) == images.labels).double().mean())


def frechet_within(samples: Labelled, reference: Labelled) -> Value:
    """Mean over classes of the Fréchet distance within the class, with the mean of its floors.

    There is no floor if a class is too small for its own.

    Args:
        samples: Generated images with the requested classes.
        reference: Reference images.

    Raises:
        NoValueError: A class has no more images than there are features, too few for its
            covariance.

    References:
        T. Miyato and M. Koyama, cGANs with Projection Discriminator, 2018,
        https://arxiv.org/abs/1802.05637 (there in Inception features: intra FID)
    """
    pairs = []
    for label in reference.labels.unique().tolist():
        ours, theirs = (
            images.features.features[images.labels == label] for images in (samples, reference)
        )
        fewest, k = min(len(ours), len(theirs)), theirs.shape[1]
        if fewest <= k:
            raise NoValueError(f"{fewest} images of class {label} are too few for {k} features")
        pairs.append((ours, moments(theirs)))
    distances = [frechet_distance(ours, theirs) for ours, theirs in pairs]
    errors = [frechet_error(ours, theirs) for ours, theirs in pairs]
    known = [error for error in errors if error is not None]
    error = math.hypot(*known) / len(pairs) if len(known) == len(pairs) else None
    note = f"mean over {len(pairs)} classes"
    value = Value(sum(distances) / len(pairs), note=note, error=error)

    def floor() -> float:
        return sum(frechet_floor(theirs, len(ours)) for ours, theirs in pairs) / len(pairs)

    return with_floor(value, floor)


def conditional_rows(
    samples: Labelled, swapped: Labelled, test: Labelled, reference: Labelled, split: str
) -> list[Row]:
    """All metrics of a conditional generator.

    An accuracy's floor is the share of the most frequently requested class: the most that a
    generator that ignores its labels can reach. Its ceiling is about the accuracy of the
    classifier itself, which the note states.

    Args:
        samples: Generated images with the requested classes.
        swapped: Reconstructions of the test images under other labels, and these labels.
        test: Test images.
        reference: Reference images.
    """

    def accuracy(images: Labelled) -> Value:
        floor = float(images.labels.bincount().max()) / len(images.labels)
        note = f"the classifier is right on {agreement(test):.3f} of the test images"
        share = agreement(images)
        return Value(share, floor, note, error=of_share(share, len(images.labels)))

    rows = functools.partial(measured_rows, extractor=samples.features.extractor)
    n, m = len(samples.labels), len(swapped.labels)
    return [
        *rows({"conditional_accuracy": lambda: accuracy(samples)}, n_samples=n, split="generated"),
        *rows({"swap_accuracy": lambda: accuracy(swapped)}, n_samples=m, split="test"),
        *rows(
            {"fd_classifier_within": lambda: frechet_within(samples, reference)},
            n_samples=n,
            split=split,
        ),
    ]

"""How well the features before the code separate the classes: the control of probes of codes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.separability.classifiers import MAX_CLASSES
from ogan_bench.evaluation.separability.linear_probe import (
    MAX_ITERATIONS,
    TOLERANCE,
    C,
    check_classes,
    check_finite,
    linear_probe,
    probe_labels,
)
from ogan_bench.evaluation.standard_error import of_share
from ogan_bench.features.cache import cached_record, content_key, fingerprint
from ogan_bench.models.base import Encoder
from ogan_bench.models.normalization import standardise
from ogan_bench.sampling.batch_norm import Policy
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.forward import trunk_features
from ogan_bench.sampling.untrained import Codes

NEIGHBOURS = 20
VERSION = 1
"""Increment when the code changes what is fitted; the constants are part of the key."""

Seen = tuple[Tensor, Tensor]
"""Features of the training images for probes and of the test images, ``(n, k)``, ``(m, k)``."""


def cosine_neighbours_accuracy(
    x: Tensor, labels: Tensor, x_test: Tensor, test_labels: Tensor, neighbours: int = NEIGHBOURS
) -> float:
    """Accuracy in [0, 1] of the unweighted vote of the nearest by cosine distance.

    If classes tie, the first one wins.

    Args:
        x: Shape ``(n, k)``.
        labels: Class indices, shape ``(n,)``.
        x_test: Shape ``(m, k)``.
        test_labels: Class indices, shape ``(m,)``.
        neighbours: How many vote.

    Raises:
        NoValueError: There are fewer images than neighbours, or values are not finite.

    References:
        Z. Wu et al., Unsupervised Feature Learning via Non-Parametric Instance Discrimination,
        2018, https://arxiv.org/abs/1805.01978; M. Caron et al., Emerging Properties in
        Self-Supervised Vision Transformers, 2021, https://arxiv.org/abs/2104.14294. Both weight
        the votes by similarity.
    """
    if len(x) < neighbours:
        raise NoValueError(f"{len(x)} images are too few for {neighbours} neighbours")
    check_finite(x, x_test)
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=neighbours, metric="cosine", algorithm="brute")
    search.fit(x.float().numpy())
    nearest = search.kneighbors(x_test.float().numpy(), return_distance=False)
    found = labels[torch.from_numpy(nearest)]
    votes = torch.zeros(len(found), int(labels.max()) + 1, dtype=torch.int64)
    votes.scatter_add_(1, found, torch.ones_like(found))
    return float((votes.argmax(1) == test_labels).double().mean())


def trunk_rows(context: ModelContext) -> list[Row]:
    """Linear probe and nearest neighbours before the code, and the neighbours after it.

    The floor is the share of the largest class, the error that of a share of the test images.
    """
    dataset, samples, settings = context.dataset, context.samples, context.settings
    chosen = samples.train_indices

    def labels() -> Seen:
        y, y_test = probe_labels(dataset, chosen)
        check_classes(y)
        return y, y_test

    def features(encoder: Encoder, policy: Policy) -> Seen:
        labels()  # images without classes need no forward pass
        train, test = dataset.train.images, dataset.test.images
        found, found_test = (
            trunk_features(encoder, images, policy, context.device, settings.seed)
            for images in (train[chosen.to(train.device)], test)
        )
        return found, found_test

    @functools.cache
    def trained() -> Seen:
        return features(context.trained.encoder, settings.encoder_statistics)

    @functools.cache
    def untrained() -> Seen:
        return features(context.untrained.frozen(dataset, settings, context.device), "real")

    def codes(of: Codes) -> Seen:
        return standardise(of.train), standardise(of.test)

    def value(accuracy: float, note: str) -> Value:
        _, y_test = labels()
        n = len(y_test)
        floor = float(y_test.bincount().max()) / n
        return Value(accuracy, floor, note, error=of_share(accuracy, n))

    def probe(seen: Callable[[], Seen]) -> Value:
        y, y_test = labels()
        if (classes := len(y.unique())) > MAX_CLASSES:
            raise NoValueError(
                f"{classes} classes exceed the limit of {MAX_CLASSES} for a linear probe"
            )
        x, x_test = seen()
        found = linear_probe(x, y, x_test, y_test)
        notes = [f"{x.shape[1]} features, fitted on {len(y)} training images"]
        if not found.converged:
            notes.append(f"not converged after {MAX_ITERATIONS} iterations")
        return value(found.accuracy, "; ".join(notes))

    def near(seen: Callable[[], Seen]) -> Value:
        y, y_test = labels()
        x, x_test = seen()
        accuracy = cosine_neighbours_accuracy(x, y, x_test, y_test)
        return value(accuracy, f"{x.shape[1]} features, among {len(y)} training images")

    def kept(metric: str, measure: Callable[[Callable[[], Seen]], Value], seen: Seen) -> Value:
        """From the cache, since every evaluation of a trial has the same untrained encoder."""
        parts = {
            "metric": metric,
            "data": dataset.hash,
            "images": fingerprint({"chosen": chosen}),
            "seen": fingerprint({"train": seen[0], "test": seen[1]}),
            "fitting": [C, TOLERANCE, MAX_ITERATIONS, NEIGHBOURS],
            "version": VERSION,
        }
        made = cached_record("probes", content_key(parts), lambda: asdict(measure(lambda: seen)))
        return Value(**made)

    return measured_rows(
        {
            "probe_trunk": lambda: probe(trained),
            "probe_trunk_untrained": lambda: kept("probe_trunk_untrained", probe, untrained()),
            "knn_trunk": lambda: near(trained),
            "knn_trunk_untrained": lambda: kept("knn_trunk_untrained", near, untrained()),
            "knn_code": lambda: near(lambda: codes(samples.trained)),
            "knn_code_untrained": lambda: kept(
                "knn_code_untrained", near, codes(samples.untrained)
            ),
        },
        n_samples=len(dataset.test),
        split="test",
    )

"""How well a linear probe finds the classes in N(E(x)), and the baselines it must beat."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ogan_bench.data import Dataset
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.evaluation.standard_error import of_share
from ogan_bench.features.cache import cached_record, content_key
from ogan_bench.models.normalization import standardise
from ogan_bench.sampling.samples import Samples
from ogan_bench.sampling.untrained import Codes
from ogan_bench.seeding import derive
from ogan_bench.study.settings import Evaluation

C = 1.0
TOLERANCE = 1e-4
"""Gradient norm at which fitting stops. A ten times larger value is four times faster on the 1024
pixels of Fashion-MNIST, but moves test accuracies by up to 0.8 points."""
MAX_ITERATIONS = 1000
VERSION = 1
"""Increment when the code changes what is fitted; the constants above are part of the key."""


@dataclass(frozen=True)
class Probe:
    """A fitted probe's test accuracy in [0, 1], and whether the fit converged."""

    accuracy: float
    converged: bool


def probe_labels(dataset: Dataset, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Classes of the training images that a probe is fitted on, and of the test images.

    Args:
        dataset: Where the images come from.
        chosen: Indices of the training images, shape ``(n,)``.

    Returns:
        Class indices on the CPU, shapes ``(n,)`` and ``(m,)``.

    Raises:
        NoValueError: There are no training images, or the dataset has no labels.
    """
    if not len(chosen):
        raise NoValueError("probe_images is 0")
    return dataset.train.known_labels.cpu()[chosen], dataset.test.known_labels.cpu()


def check_finite(train: Tensor, test: Tensor) -> None:
    """Reject features that no classifier takes.

    Raises:
        NoValueError: Values are not finite.
    """
    if not bool(train.isfinite().all() and test.isfinite().all()):
        raise NoValueError("the features that the probe is fitted on are not finite")


def check_classes(labels: Tensor) -> None:
    """Reject labels that there is nothing to learn from.

    Raises:
        NoValueError: There is only one class.
    """
    if len(labels.unique()) < 2:
        raise NoValueError("all images that the probe is fitted on are of one class")


def linear_probe(
    train: Tensor,
    labels: Tensor,
    test: Tensor,
    test_labels: Tensor,
    iterations: int = MAX_ITERATIONS,
) -> Probe:
    """Test accuracy of L2-regularised logistic regression (C = 1) on standardised features.

    Deterministic: L-BFGS from zero.

    Args:
        train: Shape ``(n, k)``.
        labels: Class indices, shape ``(n,)``.
        test: Shape ``(m, k)``.
        test_labels: Class indices, shape ``(m,)``.
        iterations: Maximum number of iterations.

    Raises:
        NoValueError: Values are not finite, or there is only one class.

    References:
        G. Alain and Y. Bengio, Understanding intermediate layers using linear classifier probes,
        2016, https://arxiv.org/abs/1610.01644
    """
    check_finite(train, test)
    check_classes(labels)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=C, tol=TOLERANCE, max_iter=iterations)
    )
    with warnings.catch_warnings(record=True) as caught:
        # Convergence is reported to the caller; a fit that stops early is still a probe.
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(_array(train), labels.cpu().numpy())
    converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
    return Probe(float(model.score(_array(test), test_labels.cpu().numpy())), converged)


def principal_components(train: Tensor, test: Tensor, d: int, seed: int) -> tuple[Tensor, Tensor]:
    """Projections onto the first principal components of the training images.

    Args:
        train: Shape ``(n, k)``.
        test: Shape ``(m, k)``.
        d: Number of components; n or k if that is less.
        seed: Seed of the randomised solver, which is used for many pixels.

    Raises:
        NoValueError: There is only one training image.
    """
    if len(train) < 2:
        raise NoValueError("one image has no principal components")
    from sklearn.decomposition import PCA

    pca = PCA(
        n_components=min(d, *train.shape), random_state=derive(seed, "evaluation/pca") % 2**32
    ).fit(_array(train))
    return torch.from_numpy(pca.transform(_array(train))), torch.from_numpy(
        pca.transform(_array(test))
    )


def separability_rows(
    samples: Samples, dataset: Dataset, settings: Evaluation, iterations: int = MAX_ITERATIONS
) -> list[Row]:
    """The probe on codes and its three baselines; the floor is the share of the largest class."""
    chosen = samples.train_indices

    def row(probe: Callable[[], Probe]) -> Value:
        _, test_labels = probe_labels(dataset, chosen)
        found = probe()
        notes = [f"fitted on {len(chosen)} training images"]
        if not found.converged:
            notes.append(f"not converged after {iterations} iterations")
        floor = float(test_labels.bincount().max()) / len(test_labels)
        error = of_share(found.accuracy, len(dataset.test))
        return Value(found.accuracy, floor, "; ".join(notes), error=error)

    def on_codes(codes: Codes) -> Probe:
        labels, test_labels = probe_labels(dataset, chosen)
        return linear_probe(
            standardise(codes.train), labels, standardise(codes.test), test_labels, iterations
        )

    def on_pixels(components: int | None) -> Probe:
        return pixel_probe(dataset, chosen, components, settings.seed, iterations)

    probes: dict[str, Callable[[], Probe]] = {
        "probe_accuracy": lambda: on_codes(samples.trained),
        "probe_accuracy_untrained": lambda: on_codes(samples.untrained),
        "probe_accuracy_pca": lambda: on_pixels(samples.trained.train.shape[1]),
        "probe_accuracy_pixels": lambda: on_pixels(None),
    }
    return measured_rows(
        {metric: functools.partial(row, probe) for metric, probe in probes.items()},
        n_samples=len(dataset.test),
        split="test",
    )


def pixel_probe(
    dataset: Dataset,
    chosen: Tensor,
    components: int | None,
    seed: int,
    iterations: int = MAX_ITERATIONS,
) -> Probe:
    """The probe on pixels or on their principal components, kept in the cache.

    It depends only on the data and the settings, and costs more than all other metrics together.

    Args:
        dataset: Where the images come from.
        chosen: Indices of the training images to fit on.
        components: Number of principal components; ``None``: the pixels themselves.
        seed: Seed of the randomised PCA.
        iterations: Maximum number of iterations.
    """

    def fit() -> dict[str, float | bool]:
        train = dataset.train.images[chosen.to(dataset.train.images.device)]
        x, x_test = (t.flatten(1).float().div(255).cpu() for t in (train, dataset.test.images))
        if components is not None:
            x, x_test = principal_components(x, x_test, components, seed)
        labels, test_labels = probe_labels(dataset, chosen)
        probe = linear_probe(x, labels, x_test, test_labels, iterations)
        return {"accuracy": probe.accuracy, "converged": probe.converged}

    parts = {
        "data": dataset.hash,
        "images": chosen.tolist(),
        "components": components,
        "seed": seed if components is not None else None,
        "probe": [C, TOLERANCE, iterations],
        "version": VERSION,
    }
    record = cached_record("probes", content_key(parts), fit)
    return Probe(float(record["accuracy"]), bool(record["converged"]))


def _array(features: Tensor) -> npt.NDArray[np.float32]:
    array: npt.NDArray[np.float32] = features.float().cpu().numpy()
    return array

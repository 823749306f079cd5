"""Simple classifiers, fitted on some labels and scored on test images."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.separability.linear_probe import (
    MAX_ITERATIONS,
    TOLERANCE,
    check_classes,
    check_finite,
)
from ogan_bench.seeding import derive, generator

Kind = Literal["logistic", "svm"]

SWEEPS: dict[Kind, tuple[float, ...]] = {
    "logistic": (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0),
    "svm": (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
}
"""Candidate values of C, the inverse regularisation strength."""
SWEEP_TOLERANCE, SWEEP_ITERATIONS = 1e-3, 200
"""Stopping criteria while C is chosen; the final probe is fitted more closely."""
VALIDATION_SHARE = 0.2
FEWEST_TO_CHOOSE = 50
"""With fewer labels C is 1, since a fifth of them cannot distinguish values of C."""
NEIGHBOURS = 5
MAX_CLASSES = 100
"""Maximum number of classes of the probes of the group."""
FITTING = (
    SWEEPS,
    SWEEP_TOLERANCE,
    SWEEP_ITERATIONS,
    TOLERANCE,
    MAX_ITERATIONS,
    VALIDATION_SHARE,
    FEWEST_TO_CHOOSE,
)
"""What cached accuracies depend on."""


@dataclass(frozen=True)
class Fitted:
    """A fitted probe and its chosen C.

    Args:
        score: Accuracy on the test images in [0, 1], or the mean accuracy over classes.
        C: Inverse regularisation strength.
        converged: Whether the final fit converged.
        each: Score plus the influence of each test image on it, shape ``(m,)``; their mean is the
            score.
    """

    score: float
    C: float
    converged: bool
    each: Tensor


def chosen_probe(
    kind: Kind,
    x: Tensor,
    labels: Tensor,
    x_test: Tensor,
    test_labels: Tensor,
    seed: int,
    *,
    balanced: bool = False,
    iterations: int = MAX_ITERATIONS,
) -> Fitted:
    """Fit every C on four fifths, choose C on the other fifth, refit on all, score on test images.

    The split is seeded; of equally good C the smallest is chosen. Test images play no part in it.

    Args:
        kind: ``logistic``: L2-regularised multinomial logistic regression by L-BFGS; ``svm``: one
            linear support vector machine with squared hinge loss for each class against the rest.
        x: Features, standardised, shape ``(n, k)``.
        labels: Class indices, shape ``(n,)``.
        x_test: Shape ``(m, k)``.
        test_labels: Class indices, shape ``(m,)``.
        seed: Seed of the split, and of the order in which the SVM sees the images.
        balanced: Weight classes equally, in the fit and in the score.
        iterations: Maximum number of iterations of the final fit.

    Raises:
        NoValueError: There is only one class, among all or the four fifths, or values are not
            finite.
    """
    check_finite(x, x_test)
    check_classes(labels)
    whole, answers, goal = _array(x), labels.numpy(), test_labels.numpy()
    n, state = len(whole), derive(seed, "evaluation/probes/fit") % 2**32
    order = torch.randperm(n, generator=generator(seed, "evaluation/probes/validation")).numpy()
    held = int(n * VALIDATION_SHARE)
    val, fit = order[:held], order[held:]

    def scores(
        model: Any, data: npt.NDArray[np.float32], wanted: npt.NDArray[np.int64]
    ) -> tuple[float, npt.NDArray[np.float64]]:
        right = (model.predict(data) == wanted).astype(np.float64)
        if not balanced:
            return float(right.mean()), right
        of_class = {c: right[wanted == c].mean() for c in np.unique(wanted)}
        score, each = float(np.mean([*of_class.values()])), right.copy()
        for c, mean in of_class.items():
            weight = 1 / (len(of_class) * (wanted == c).mean())
            each[wanted == c] = score + weight * (right[wanted == c] - mean)
        return score, each

    def probe(C: float, tolerance: float, most: int) -> Any:
        weight = "balanced" if balanced else None
        return UNFITTED[kind](
            C=C, tol=tolerance, max_iter=most, class_weight=weight, random_state=state
        )

    chosen, best = 1.0, -1.0
    candidates = SWEEPS[kind] if n >= FEWEST_TO_CHOOSE else ()
    if candidates:
        check_classes(labels[torch.from_numpy(fit)])  # a rare class may be in the other fifth
    for C in candidates:
        model = probe(C, SWEEP_TOLERANCE, SWEEP_ITERATIONS)
        _converged(model, whole[fit], answers[fit])
        if (found := scores(model, whole[val], answers[val])[0]) > best:
            chosen, best = C, found
    model = probe(chosen, TOLERANCE, iterations)
    converged = _converged(model, whole, answers)
    score, each = scores(model, _array(x_test), goal)
    return Fitted(score, chosen, converged, torch.from_numpy(each))


def _logistic(**settings: Any) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**settings)


def _svm(**settings: Any) -> Any:
    from sklearn.svm import LinearSVC

    return LinearSVC(dual="auto", **settings)


UNFITTED: dict[Kind, Callable[..., Any]] = {"logistic": _logistic, "svm": _svm}


def _converged(model: Any, x: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> bool:
    """Fit a model and return whether it converged: a fit that stops early is still a probe."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(x, labels)
    return not any(issubclass(w.category, ConvergenceWarning) for w in caught)


def even_draw(labels: Tensor, n: int, seed: int, draw: int = 0) -> Tensor:
    """Indices of n images, balanced over classes as far as possible.

    A class with too few images contributes all of them, and the others make up the difference.

    Args:
        labels: Class indices, shape ``(m,)``.
        n: Number of images.
        seed: Seed of the shuffle that is drawn from.
        draw: Number of the draw.

    Raises:
        NoValueError: There are fewer images than n, or fewer than one for each class.
    """
    classes = len(labels.unique())
    if n > len(labels):
        raise NoValueError(f"the probe needs {n} labelled images and has {len(labels)}")
    if n < classes:
        raise NoValueError(f"{n} labels are fewer than the {classes} classes")
    order = torch.randperm(len(labels), generator=generator(seed, "evaluation/probes/draw", draw))
    shuffled = labels[order]
    by_class = shuffled.argsort(stable=True)
    counts = shuffled.bincount()
    rank = torch.empty_like(order)
    rank[by_class] = torch.arange(len(order)) - (counts.cumsum(0) - counts)[shuffled[by_class]]
    return order[rank.argsort(stable=True)[:n]]


def neighbours_accuracy(x: Tensor, labels: Tensor, x_test: Tensor, test_labels: Tensor) -> Tensor:
    """Accuracies of 1- and 5-nearest-neighbour classification by Euclidean distance.

    If classes tie, the first one wins.

    Args:
        x: Shape ``(n, k)``.
        labels: Class indices, shape ``(n,)``.
        x_test: Shape ``(m, k)``.
        test_labels: Class indices, shape ``(m,)``.

    Returns:
        Both accuracies in [0, 1], shape ``(2,)``.

    Raises:
        NoValueError: There are fewer than 5 images, or values are not finite.
    """
    if len(x) < NEIGHBOURS:
        raise NoValueError(f"{len(x)} images are too few for {NEIGHBOURS} neighbours")
    check_finite(x, x_test)
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute").fit(_array(x))
    found = labels[torch.from_numpy(search.kneighbors(_array(x_test), return_distance=False))]
    votes = torch.zeros(len(found), int(labels.max()) + 1, dtype=torch.int64)
    votes.scatter_add_(1, found, torch.ones_like(found))
    right = torch.stack([found[:, 0], votes.argmax(1)]) == test_labels
    return right.double().mean(1)


def _array(features: Tensor) -> npt.NDArray[np.float32]:
    array: npt.NDArray[np.float32] = features.float().cpu().numpy()
    return array

"""Which classes a generator covers, if the classifier that tells misreads some images.

Of many samples some are misread as a class that the generator does not produce. So a class counts
as found only if more samples are classified as it than are misread, and not just a trace of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # `scipy.stats`, slow to import, loads when it is used
import torch
from torch import Tensor

LEVEL = 1e-3
"""Chance that a class without samples counts as found."""
TRACE = 0.25
"""Share of a class's usual share below which it does not count as found."""


@dataclass(frozen=True)
class Found:
    """Classes of which there are samples.

    Args:
        classes: Their number.
        expected: Expected number among as many perfect samples.
        error: Standard error of their number from the finite number of samples.
    """

    classes: int
    expected: float
    error: float


def confusion(predicted: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Share of the test images of each class that are classified as each class.

    One image more of every class is spread evenly over all answers, as what was never seen in a
    few test images is still possible.

    Args:
        predicted: Shape ``(n,)``.
        labels: Shape ``(n,)``.
        classes: Number K of classes.

    Returns:
        Rows are the true classes, float64, shape ``(K, K)``.
    """
    pairs = (labels * classes + predicted).bincount(minlength=classes**2).double()
    counts = pairs.view(classes, classes) + 1 / classes
    return counts / counts.sum(1, keepdim=True)


def channel_confusion(predicted: Tensor, labels: Tensor, classes: int, channels: int) -> Tensor:
    """:func:`confusion` of tuples of one class per channel, the last channel varying fastest.

    All channels are read by the same classifier, each without regard to the others.

    Args:
        predicted: Tuples by number, shape ``(n,)``.
        labels: Tuples by number, shape ``(n,)``.
        classes: Number of tuples.
        channels: Number of channels.
    """
    each = round(classes ** (1 / channels))
    powers = torch.tensor([each**i for i in range(channels)])
    read, true = ((numbers[:, None] // powers % each).flatten() for numbers in (predicted, labels))
    one = confusion(read, true, each)
    joint = one
    for _ in range(channels - 1):
        joint = torch.kron(joint, one)
    return joint


def found_classes(samples: Tensor, reference: Tensor, confused: Tensor) -> Found:
    """How many classes are found among samples, and how many would be among perfect ones.

    With the shares p of the classifier's answers and its confusion C, the true shares are those π
    with Σ_j π_j C_jk = p_k, and Σ_{j≠k} π_j C_jk of all samples are misread as k. Class k is found
    if more than that are classified as k, by a one-sided exact binomial test at the level 1e-3, and
    the rest is at least a quarter of what it is for the reference images. The standard error is
    that of a sum of classes found or not, each with the probability that as many further samples
    would show it.

    Args:
        samples: Number of samples classified as each class, shape ``(K,)``.
        reference: The same for the reference images.
        confused: See :func:`confusion`.
    """
    n = int(samples.sum())
    usual = reference.double() / reference.sum()
    misread = _misread(usual, confused)
    own = (usual - misread).clamp_min(0).numpy()
    needed = _needed(_misread(samples.double() / n, confused), own, n)
    of_perfect = _needed(misread, own, n)
    expected = float(np.sum(scipy.stats.binom.sf(of_perfect - 1, n, usual.numpy())))
    again = scipy.stats.binom.sf(needed - 1, n, samples.numpy() / n)
    error = math.sqrt(float(np.sum(again * (1 - again))))
    return Found(int((samples.numpy() >= needed).sum()), expected, error)


def _misread(shares: Tensor, confused: Tensor) -> Tensor:
    """Share of all images that are misread as each class."""
    true = torch.linalg.solve(confused.T, shares).clamp_min(0)
    true = true / true.sum()
    misread: Tensor = true @ confused - true * confused.diagonal()
    return misread


def _needed(misread: Tensor, own: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.float64]:
    """Fewest samples classified as each class with which it is found."""
    rates = misread.numpy()
    significant = scipy.stats.binom.isf(LEVEL, n, rates) + 1
    needed: npt.NDArray[np.float64] = np.maximum(significant, n * (rates + TRACE * own))
    return needed

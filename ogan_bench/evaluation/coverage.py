"""Which classes of the dataset a generator covers, and how evenly, by the dataset's classifier."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.evaluation.features import Features
from ogan_bench.evaluation.rows import Row, attempt


def class_shares(logits: Tensor) -> Tensor:
    """Share of each class among the most probable ones, float64, shape ``(classes,)``.

    Args:
        logits: Shape ``(n, classes)``.

    Raises:
        ValueError: There are no logits, or some are not finite.
    """
    if len(logits) == 0 or not bool(logits.isfinite().all()):
        raise ValueError("logits are missing or not finite")
    return torch.bincount(logits.argmax(1), minlength=logits.shape[1]).double() / len(logits)


def modes_kl(samples: Tensor, reference: Tensor) -> float:
    """KL(p || q) = Σ_k p_k ln(p_k / q_k) in nats; 0 where p_k = 0.

    Args:
        samples: Shares p of the classes among the samples.
        reference: Shares q among the training images.

    Raises:
        ValueError: The samples have a class that the training images lack.
    """
    found = samples > 0
    if bool((reference[found] == 0).any()):
        raise ValueError("the samples have a class that no training image is classified as")
    return max(0.0, float((samples[found] * (samples[found] / reference[found]).log()).sum()))


def coverage_rows(samples: Features, reference: Features) -> list[Row]:
    """Number of classes found, and the divergence of their shares from the training images'.

    Both sides go through the classifier, so that its confusions count on both. A perfect generator
    has an expected divergence of (K - 1) / 2n, the floor, by its finite number n of samples and
    the K classes of the training images.

    Args:
        samples: Of the generated images.
        reference: Of the training images.

    References:
        A. Srivastava et al., VEEGAN, 2017, https://arxiv.org/abs/1705.07761 (both quantities);
        Z. Lin et al., PacGAN, 2018, https://arxiv.org/abs/1712.04086 (the divergence's direction)
    """
    n, extractor = len(samples), samples.extractor

    def modes() -> list[Row]:
        count = float((class_shares(samples.logits) > 0).sum())
        return [Row("modes_classifier", count, n, "generated", extractor)]

    def divergence() -> list[Row]:
        shares = class_shares(reference.logits)
        value = modes_kl(class_shares(samples.logits), shares)
        floor = (int((shares > 0).sum()) - 1) / (2 * n)
        return [Row("modes_kl_classifier", value, n, "train", extractor, floor=floor)]

    return [
        *attempt(["modes_classifier"], modes, n_samples=n, split="generated", extractor=extractor),
        *attempt(
            ["modes_kl_classifier"], divergence, n_samples=n, split="train", extractor=extractor
        ),
    ]

"""Which classes of the dataset a generator covers, and how evenly (dataset's classifier)."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.coverage.found_classes import channel_confusion, found_classes
from ogan_bench.evaluation.rows import Row, Value, measured_rows
from ogan_bench.features.extractor import Features


def class_counts(logits: Tensor) -> Tensor:
    """How often each class is the most probable one, int64, shape ``(classes,)``.

    Args:
        logits: Shape ``(n, classes)``.

    Raises:
        NoValueError: There are no logits, or some are not finite.
    """
    if len(logits) == 0 or not bool(logits.isfinite().all()):
        raise NoValueError("logits are missing or not finite")
    return torch.bincount(logits.argmax(1), minlength=logits.shape[1])


def class_shares(logits: Tensor) -> Tensor:
    """Share of each class among the predicted classes, float64; see :func:`class_counts`."""
    return class_counts(logits).double() / len(logits)


def modes_kl(samples: Tensor, reference: Tensor) -> float:
    """KL(p || q) = Σ_k p_k ln(p_k / q_k) in nats; 0 where p_k = 0.

    Args:
        samples: Shares p of the classes among the samples.
        reference: Shares q among the reference images.

    Raises:
        NoValueError: The samples include a class that no reference image is classified as.
    """
    found = samples > 0
    if bool((reference[found] == 0).any()):
        raise NoValueError("some samples are classified as a class that no reference image is")
    return max(0.0, float((samples[found] * (samples[found] / reference[found]).log()).sum()))


def modes_kl_floor(reference: Tensor, n_samples: int) -> float:
    """Expected :func:`modes_kl` of n samples from q itself.

    With the counts c_k ~ Bin(n, q_k) and B_k ~ Bin(n - 1, q_k), exactly

        E Σ_k (c_k / n) ln(c_k / (n q_k)) = Σ_k q_k (E ln(1 + B_k) - ln(n q_k)),

    which for n ≫ K is about (K - 1) / 2n.

    Args:
        reference: Shares q.
        n_samples: Number n of samples.
    """
    shares, classes = reference[reference > 0].double().unique(return_counts=True)
    n, b = n_samples, torch.arange(n_samples, dtype=torch.float64)
    log_ways = torch.lgamma(b.new_tensor(n)) - torch.lgamma(b + 1) - torch.lgamma(n - b)
    floor = 0.0
    for q, count in zip(shares, classes.tolist(), strict=True):
        log_p = log_ways + torch.xlogy(b, q) + torch.xlogy(n - 1 - b, 1 - q)
        floor += count * float(q * ((log_p.exp() * b.log1p()).sum() - (n * q).log()))
    return max(0.0, floor)


def modes_kl_error(samples: Tensor, reference: Tensor, n_samples: int) -> float:
    """Standard error of :func:`modes_kl` from n samples, with q fixed.

    The influence of a sample of class k is ln(p_k / q_k). For perfect samples the first order
    vanishes and the error is about √2 too large.

    Args:
        samples: Shares p.
        reference: Shares q, above 0 where p is.
        n_samples: Number n of samples.
    """
    found = samples > 0
    p = samples[found]
    influence = (p / reference[found]).log()
    variance = (p * influence.square()).sum() - (p * influence).sum().square()
    return math.sqrt(max(0.0, float(variance)) / n_samples)


def coverage_rows(
    samples: Features,
    reference: Features,
    test: Features,
    labels: Tensor,
    channels: int,
    split: str,
) -> list[Row]:
    """Number of classes found, and the divergence of their shares from the reference images'.

    Both sides go through the classifier, so its confusions affect both. The value expected of a
    perfect generator with this number of samples is the divergence's floor, and a note on the
    number of classes.

    Args:
        samples: Features of the generated images.
        reference: Features of the reference images.
        test: Features of the test images, by which the classifier's confusion is measured.
        labels: Their classes, shape ``(m,)``.
        channels: Number of channels that are independent images, each with a class.
        split: What rows call the reference.

    References:
        A. Srivastava et al., VEEGAN, 2017, https://arxiv.org/abs/1705.07761 (both quantities; there
        a class counts from one sample on);
        Z. Lin et al., PacGAN, 2018, https://arxiv.org/abs/1712.04086 (the divergence's direction)
    """
    n = len(samples)

    @functools.cache
    def counts() -> tuple[Tensor, Tensor]:
        return class_counts(samples.logits), class_counts(reference.logits)

    def modes() -> Value:
        ours, theirs = counts()
        confused = channel_confusion(test.logits.argmax(1), labels, len(ours), channels)
        found = found_classes(ours, theirs, confused)
        classes = int((theirs > 0).sum())
        note = None
        if found.expected < classes - 0.05:
            note = f"of {classes}; {n} perfect samples are expected to have {found.expected:.1f}"
        return Value(float(found.classes), note=note, error=found.error)

    def divergence() -> Value:
        ours, theirs = (found.double() / found.sum() for found in counts())
        value, floor = modes_kl(ours, theirs), modes_kl_floor(theirs, n)
        return Value(value, floor, error=modes_kl_error(ours, theirs, n))

    rows = functools.partial(measured_rows, n_samples=n, extractor=samples.extractor)
    return [
        *rows({"modes_classifier": modes}, split="generated"),
        *rows({"modes_kl_classifier": divergence}, split=split),
    ]

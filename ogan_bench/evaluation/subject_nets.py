"""E and G of a subject over any number of images and codes, batch by batch, results on the CPU."""

from __future__ import annotations

import torch
from torch import Tensor

from ogan_bench.evaluation.sampling import (
    BATCH_SIZE,
    PROJECTIONS,
    NonFiniteError,
    batches_of,
    chosen_projection,
    map_batches,
)
from ogan_bench.evaluation.subject import Subject


def projected(subject: Subject, codes: Tensor) -> Tensor:
    """P(code), with the projection of autoencoding.

    Args:
        subject: Whose objective or settings choose P.
        codes: Raw codes, shape ``(n, d)``.
    """
    chosen = chosen_projection(subject.pairs.trained.objective, subject.settings)
    return PROJECTIONS[chosen](codes)


def decoded(subject: Subject, codes: Tensor, labels: Tensor | None) -> Tensor:
    """G(code): images in [-1, 1], or points, shape ``(n, c, h, w)``.

    Args:
        subject: Whose G decodes.
        codes: What G is given as it is, shape ``(n, d)``.
        labels: Classes to decode under, shape ``(n,)``; not looked at by an unconditional G.

    Raises:
        NonFiniteError: G gives values that are not finite.
    """
    with torch.no_grad():
        (images,) = map_batches(
            lambda code, classes: (subject.pairs.trained.decode(code, classes),),
            (codes, labels),
            batches_of(len(codes), "mixed", BATCH_SIZE, subject.settings.seed),
            subject.device,
        )
    return _finite(images, "the generator")


def autoencoded(
    subject: Subject, codes: Tensor, labels: Tensor | None, temperature: float | None = None
) -> Tensor:
    """G(t · P(code)), the objective's own way back.

    Args:
        subject: Whose G decodes.
        codes: Raw codes, shape ``(n, d)``.
        labels: As for :func:`decoded`.
        temperature: t; ``None``: that of the settings.
    """
    t = subject.settings.temperature if temperature is None else temperature
    return decoded(subject, t * projected(subject, codes), labels)


def encoded(subject: Subject, images: Tensor) -> Tensor:
    """E(x): raw codes, shape ``(n, d)``.

    Args:
        subject: Whose trained E encodes, with the batch-norm statistics of the settings.
        images: Images in [-1, 1], or points, shape ``(n, c, h, w)``.

    Raises:
        NonFiniteError: E gives values that are not finite.
    """
    policy, seed = subject.settings.encoder_statistics, subject.settings.seed
    with torch.no_grad():
        (codes,) = map_batches(
            lambda x: (subject.pairs.trained.encode(x),),
            (images,),
            batches_of(len(images), policy, BATCH_SIZE, seed),
            subject.device,
        )
    return _finite(codes, "the encoder")


def _finite(output: Tensor, net: str) -> Tensor:
    if not bool(output.isfinite().all()):
        raise NonFiniteError(f"{net} gives values that are not finite")
    return output

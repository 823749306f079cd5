"""Adversarial losses against their formulas, written out independently."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ogan_bench.objectives.parts.call_by_name import call_with
from ogan_bench.study import catalogue
from ogan_bench.study.parts import build
from tests.unit.objectives.small_parts import CLOSE, N, draw

# Adversarial losses, written with the logits D = -s of a discriminator


def is_real(logit: Tensor) -> Tensor:
    """-log σ(D)."""
    return F.binary_cross_entropy_with_logits(logit, torch.ones_like(logit), reduction="none")


def is_fake(logit: Tensor) -> Tensor:
    """-log(1 - σ(D))."""
    return F.binary_cross_entropy_with_logits(logit, torch.zeros_like(logit), reduction="none")


LOGIT_LOSSES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], ...]] = {
    "linear": (lambda r, f: f - r, lambda r, f: -f),
    "non_saturating": (lambda r, f: is_real(r) + is_fake(f), lambda r, f: is_real(f)),
    "saturating": (lambda r, f: is_real(r) + is_fake(f), lambda r, f: -is_fake(f)),
    "least_squares": (
        lambda r, f: 0.5 * (r - 1) ** 2 + 0.5 * (f - 0) ** 2,
        lambda r, f: 0.5 * (f - 1) ** 2,
    ),
    "hinge": (
        lambda r, f: -torch.minimum(r - 1, 0 * r) - torch.minimum(-f - 1, 0 * f),
        lambda r, f: -f,
    ),
    "relativistic": (lambda r, f: is_real(r - f), lambda r, f: is_real(f - r)),
    "relativistic_average": (
        lambda r, f: is_real(r - f.mean()) + is_fake(f - r.mean()),
        lambda r, f: is_real(f - r.mean()) + is_fake(r - f.mean()),
    ),
}


@pytest.mark.parametrize("name", catalogue.names("adversarial"))
def test_adversarial_losses_are_those_of_the_logit(name: str) -> None:
    loss = build("adversarial", name)
    real, fake = 2 * draw(2, N)
    scores = SimpleNamespace(real=real, fake=fake)
    encoder, generator = LOGIT_LOSSES[name]
    torch.testing.assert_close(call_with(loss.encoder, scores), encoder(-real, -fake), **CLOSE)
    torch.testing.assert_close(call_with(loss.generator, scores), generator(-real, -fake), **CLOSE)


@pytest.mark.parametrize("name", catalogue.names("adversarial"))
def test_encoder_lowers_real_scores_and_generator_lowers_fake_ones(name: str) -> None:
    """With the same scores for all images, every loss pushes in the direction of its net."""
    loss = build("adversarial", name)
    real, fake = torch.zeros(2, N, dtype=torch.float64).requires_grad_().unbind()
    scores = SimpleNamespace(real=real, fake=fake)
    at_real, at_fake = torch.autograd.grad(call_with(loss.encoder, scores).sum(), [real, fake])
    assert (at_real > 0).all()
    # Least squares with labels 1 and 0 has its optimum for generated images at 0.
    assert (at_fake == 0).all() if name == "least_squares" else (at_fake < 0).all()
    (at_fake,) = torch.autograd.grad(call_with(loss.generator, scores).sum(), [fake])
    assert (at_fake > 0).all()

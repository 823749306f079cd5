"""Consistency terms against their formulas, written out independently."""

from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.objectives.parts import consistency
from ogan_bench.objectives.parts.consistency import CONSISTENCY
from ogan_bench.study import catalogue
from tests.unit.objectives.small_parts import CLOSE, D, N, draw, readout, score_of, slope_at


def cos(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(1) / (a.square().sum(1).sqrt() * b.square().sum(1).sqrt())


# Consistency terms


def test_consistency_terms_are_their_formulas() -> None:
    z, code = draw(2, N, D)
    for i, (a, b) in enumerate(zip(z, code, strict=True)):
        rho = torch.corrcoef(torch.stack([a, b]))[0, 1]
        expected = {
            "pearson": -rho,
            "scaled_pearson": -rho * b.std(correction=0),
            "mse": sum((a - b) ** 2),
            "mse_mean": sum((a - b) ** 2) / D,
            "mse_centred": sum((a - sum(a) / D - b + sum(b) / D) ** 2) / D,
            "cosine": -(a @ b) / (a @ a).sqrt() / (b @ b).sqrt(),
            "normalized_mse": 2 * (1 - rho),
        }
        for name, wanted in expected.items():
            torch.testing.assert_close(CONSISTENCY[name]().loss(z, code)[i], wanted, msg=name)
    assert not CONSISTENCY["none"]().loss(z).any()


def test_gaussian_nll_is_that_of_a_bounded_variance() -> None:
    z, code, raw = draw(3, N, D)
    variance = (10 * torch.tanh(raw / 10)).exp()
    wanted = nn.GaussianNLLLoss(reduction="none")(code, z, variance).mean(1)
    torch.testing.assert_close(consistency.gaussian_nll().loss(z, code, raw), wanted, **CLOSE)
    normal = torch.distributions.Normal(code, variance.sqrt())
    full = -normal.log_prob(z).mean(1) - math.log(2 * math.pi) / 2
    torch.testing.assert_close(consistency.gaussian_nll().loss(z, code, raw), full, **CLOSE)


def test_gaussian_nll_of_an_exact_encoder_is_bounded() -> None:
    """log σ² >= -10, and even beyond that a wrong code can still raise its variance."""
    z = draw(N, D)
    raw = torch.full_like(z, -1e4)
    assert consistency.gaussian_nll().loss(z, z, raw).min() == pytest.approx(-5)
    slope = slope_at(
        lambda r: consistency.gaussian_nll().loss(z, z + 1, r), torch.full_like(z, -15.0)
    )
    assert (slope < 0).all()


def test_contrastive_finds_a_code_among_the_z_of_the_batch() -> None:
    z, code = draw(2, N, D)
    wanted = []
    for i in range(N):
        logits = [(code[i] @ z[j]) / (code[i].norm() * z[j].norm()) / 0.3 for j in range(N)]
        wanted.append(torch.stack(logits).logsumexp(0) - logits[i])
    plain = consistency.contrastive(temperature=0.3, scaled=False).loss(z, code)
    torch.testing.assert_close(plain, torch.stack(wanted), **CLOSE)
    scaled = consistency.contrastive(temperature=0.3).loss(z, code)
    torch.testing.assert_close(scaled, 0.3 * plain, **CLOSE)


def test_one_weight_of_contrastive_is_one_strength_at_every_temperature() -> None:
    """Of a code that says nothing the gradient with respect to the cosines does not depend on τ."""
    z = draw(N, D)
    code = torch.ones_like(z) + 1e-6 * draw(N, D, seed=1)
    slopes = [
        slope_at(partial(consistency.contrastive(temperature=t).loss, z), code).norm()
        for t in (10.0, 100.0)
    ]
    torch.testing.assert_close(slopes[0], slopes[1], rtol=0.05, atol=0.0)


def test_contrastive_of_a_constant_code_is_chance() -> None:
    """log n on average or worse: such a code says nothing of z."""
    z = draw(N, D)
    code = torch.ones_like(z)
    assert consistency.contrastive(scaled=False).loss(z, code).mean() >= math.log(N)


@pytest.mark.parametrize("name", catalogue.names("consistency"))
def test_gradients_of_consistency_terms(name: str) -> None:
    if name.startswith("pixel"):
        x, weight = draw(N, 1, 3, 3), draw(D, 9, seed=3)

        def decode(code: Tensor) -> Tensor:
            return (code @ weight).tanh().reshape(-1, 1, 3, 3)

        assert torch.autograd.gradcheck(
            lambda code: CONSISTENCY[name]().loss(x, code, decode),
            draw(N, D, seed=1).requires_grad_(),
        )
    elif name == "scaled_pearson":  # std e is a constant of the gradient
        z, code = draw(N, D), draw(N, D, seed=1)
        rho = slope_at(lambda e: CONSISTENCY["pearson"]().loss(z, e), code)
        wanted = rho * code.std(1, correction=0, keepdim=True)
        torch.testing.assert_close(
            slope_at(lambda e: CONSISTENCY[name]().loss(z, e), code), wanted, **CLOSE
        )
    elif name != "none":
        z, *others = (draw(N, D, seed=i).requires_grad_() for i in range(3))
        asked = others if name == "gaussian_nll" else others[:1]
        assert torch.autograd.gradcheck(CONSISTENCY[name]().loss, [z, *asked])


def test_pixel_terms_are_means_over_the_pixels_of_reconstructions() -> None:
    x, code, weight = draw(N, 2, 3, 3), draw(N, D, seed=1), draw(D, 18, seed=2)

    def decode(codes: Tensor) -> Tensor:
        return (codes @ weight).reshape(-1, 2, 3, 3)

    normal = (code - code.mean(1, keepdim=True)) / code.std(1, keepdim=True, correction=0)
    for term, projected in (
        (consistency.pixel_raw(), code),
        (consistency.pixel_normalized(), normal),
    ):
        wanted = ((x.reshape(N, 18) - projected @ weight) ** 2).sum(1) / 18
        torch.testing.assert_close(term.loss(x, code, decode), wanted, **CLOSE)


def test_average_deviation_and_norm_are_left_free_by_correlation() -> None:
    """Their gradients at the code are orthogonal to that of ρ: such a score costs it nothing."""
    z, code = draw(2, N, D)
    at_rho = slope_at(lambda e: consistency.pearson().loss(z, e), code)
    at_cosine = slope_at(lambda e: consistency.cosine().loss(z, e), code)
    at = {name: slope_at(partial(score_of, readout(name)), code) for name in ("avg", "std", "norm")}
    zero = torch.zeros(N, dtype=torch.float64)
    for name in ("avg", "std", "norm"):
        torch.testing.assert_close(cos(at_rho, at[name]), zero, **CLOSE)
    torch.testing.assert_close(cos(at_cosine, at["norm"]), zero, **CLOSE)
    assert cos(at_cosine, at["avg"]).abs().max() > 0.01, "the average is tied by the cosine"

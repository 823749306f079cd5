"""Every composition of the parts on every architecture, by one contract."""

from __future__ import annotations

import itertools
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from ogan_bench import catalogue, config
from ogan_bench.data.base import ImageShape
from ogan_bench.models import ARCHITECTURES
from ogan_bench.models.initialisation import initialise
from ogan_bench.objectives.base import LossTerms, Pass
from ogan_bench.objectives.composed import compose
from ogan_bench.training.updates import encoder_gradients, generator_gradients, total

N, D = 5, 6
TINY = {"z_dim": D, "width": 2}
KINDS = ("adversarial", "readouts", "consistency", "penalties")
COMPOSITIONS = list(itertools.product(*(catalogue.names(kind) for kind in KINDS)))


@cache
def nets(architecture: str) -> tuple[nn.Module, nn.Module]:
    pair = ARCHITECTURES[architecture](ImageShape(1, 16, 16), **TINY)
    for net in pair:
        initialise(net, torch.Generator().manual_seed(0))
        for parameter in net.parameters():
            parameter.data = parameter.data.double() * 10
        net.double()
    return pair


def batch(architecture: str) -> Pass:
    random = torch.Generator().manual_seed(1)
    x = torch.rand(N, 1, 16, 16, dtype=torch.float64, generator=random) * 2 - 1
    z = torch.randn(N, D, dtype=torch.float64, generator=random)
    return Pass(*nets(architecture), x, z)


def grad_of(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def settings(composition: tuple[str, ...]) -> config.Objective:
    parts = dict(
        zip(("adversarial", "readout", "consistency", "penalty"), composition, strict=True)
    )
    return config.Objective.model_validate(parts)


@pytest.mark.parametrize("composition", COMPOSITIONS, ids="-".join)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_contract(architecture: str, composition: tuple[str, ...]) -> None:
    objective = compose(settings(composition))
    seen = batch(architecture)
    encoder_terms, generator_terms = objective.encoder_loss(seen), objective.generator_loss(seen)

    # Named terms per sample, all finite
    for terms in (encoder_terms, generator_terms, objective.diagnostics(seen)):
        for name, term in terms.items():
            assert term.shape == (N,), name
            assert term.isfinite().all(), name

    # Gradients reach every parameter of their own net and none of the other's
    encoder, generator = seen.encoder, seen.generator
    for net in (encoder, generator):
        net.zero_grad(set_to_none=True)
    encoder_gradients(encoder_terms, seen, retain_graph=True)
    assert all(parameter.grad is None for parameter in generator.parameters())
    before = {name: grad_of(parameter).clone() for name, parameter in encoder.named_parameters()}
    generator_gradients(generator_terms, seen)
    for name, parameter in encoder.named_parameters():
        assert torch.equal(grad_of(parameter), before[name]), name
    for net in (encoder, generator):
        for name, parameter in net.named_parameters():
            assert grad_of(parameter).isfinite().all(), name
            # Batch norm takes away what a bias before it adds, so its gradient may be zero.
            assert grad_of(parameter).any() or name.endswith("bias"), name


def _slope(terms: LossTerms) -> float:
    return total(terms).item()


@pytest.mark.parametrize("composition", COMPOSITIONS, ids="-".join)
def test_gradients_equal_finite_differences(composition: tuple[str, ...]) -> None:
    """Along a random direction in the parameters of each net; the other net stands still."""
    objective = compose(settings(composition))
    architecture = "dcgan"
    encoder, generator = nets(architecture)
    for net, loss, fill in (
        (encoder, objective.encoder_loss, encoder_gradients),
        (generator, objective.generator_loss, generator_gradients),
    ):
        net.zero_grad(set_to_none=True)
        seen = batch(architecture)
        fill(loss(seen), seen)
        random = torch.Generator().manual_seed(2)
        parameters = list(net.parameters())
        direction = [
            torch.randn(p.shape, dtype=torch.float64, generator=random) for p in parameters
        ]
        expected = sum(
            (p.grad * v).sum().item()
            for p, v in zip(parameters, direction, strict=True)
            if p.grad is not None
        )
        step = 1e-6
        values = []
        for sign in (1, -2):
            for p, v in zip(parameters, direction, strict=True):
                p.data += sign * step * v
            values.append(_slope(loss(batch(architecture))))
        for p, v in zip(parameters, direction, strict=True):
            p.data += step * v
        assert (values[0] - values[1]) / (2 * step) == pytest.approx(expected, rel=1e-4, abs=1e-6)

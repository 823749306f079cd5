"""Readouts of the score against their formulas, written out independently."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ogan_bench.errors import UserError
from ogan_bench.models.initialisation import initialise
from ogan_bench.seeding import generator
from tests.unit.objectives.small_parts import D, N, architecture, draw, objective, readout, score_of


def test_readouts_are_their_formulas() -> None:
    code, spare = draw(N, D), draw(N, 2, seed=8)
    expected = {
        "avg": code.sum(1) / D,
        "norm": (code**2).sum(1) ** 0.5,
        "log_norm": (code**2).sum(1).log() / 2,
        "std": ((code - code.sum(1, keepdim=True) / D) ** 2).sum(1).div(D) ** 0.5,
        "dim": code[:, 0],
        "spare": (spare[:, 0] + spare[:, 1]) / 2,
    }
    for name, wanted in expected.items():
        chosen = readout(name)
        torch.testing.assert_close(score_of(chosen, code), wanted, msg=name)
    three = readout("dim", dims=3)
    torch.testing.assert_close(score_of(three, code), code[:, :3].sum(1) / 3)
    assert (three.free, three.spare) == (3, 0)
    two = readout("spare", dims=2)
    assert (two.free, two.spare) == (0, 2)


@pytest.mark.parametrize("name", ["dim", "spare"])
def test_no_dimension_set_aside_is_the_average(name: str) -> None:
    chosen = readout(name, dims=0)
    code = draw(N, D)
    torch.testing.assert_close(score_of(chosen, code), code.mean(1))
    assert (chosen.free, chosen.spare) == (0, 0)


@pytest.mark.parametrize("code", [torch.zeros(N, D), torch.full((N, D), 3.0)])
@pytest.mark.parametrize("name", ["norm", "log_norm", "std"])
def test_scores_are_smooth_where_a_root_is_of_zero(name: str, code: Tensor) -> None:
    """First derivatives for training and second ones for penalties on gradients, in float32."""
    chosen = readout(name)
    code = code.clone().requires_grad_()
    score = score_of(chosen, code)
    (first,) = torch.autograd.grad(score.sum(), code, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), code)
    for found in (score, first, second):
        assert found.isfinite().all()


def test_heads_read_the_code_and_are_trained_with_the_encoder() -> None:
    code = draw(N, D)
    for hidden, widths in ((0, [(1, D)]), (4, [(4, D), (1, 4)])):
        made = objective(readout={"name": "head", "hidden": hidden})
        nets = made.build(architecture())
        assert nets.encoder.score_head is not None
        head = nets.encoder.score_head.double()
        layers = [module for module in head.modules() if isinstance(module, nn.Linear)]
        assert [tuple(layer.weight.shape) for layer in layers] == widths
        assert {id(p) for p in head.parameters()} <= {id(p) for p in nets.encoder.parameters()}
        wanted = code
        for i, layer in enumerate(layers):
            wanted = F.leaky_relu(wanted, 0.2) if i else wanted
            wanted = wanted @ layer.weight.T + layer.bias
        chosen = readout("head", hidden=hidden)
        found = score_of(chosen, code, head)
        torch.testing.assert_close(found, wanted[:, 0])


def test_projection_adds_the_features_along_the_vector_of_the_class() -> None:
    nets = objective(readout="projection").build(architecture(classes=3))
    initialise(nets.encoder, generator(0, "initial"))
    vectors = nets.encoder.score_head
    assert isinstance(vectors, nn.Embedding)
    assert vectors.weight.shape == (3, nets.encoder.features)
    assert not vectors.weight.any(), "the score starts from O-GAN's"

    chosen = readout("projection")
    table = draw(3, 5, seed=4)
    code, features = draw(N, D), draw(N, 5, seed=9)
    found = score_of(chosen, code, nn.Embedding.from_pretrained(table))
    wanted = [code[i].mean() + table[i % 3] @ features[i] for i in range(N)]
    torch.testing.assert_close(found, torch.stack(wanted))


def test_projection_without_labels_is_refused() -> None:
    with pytest.raises(UserError, match="no labels"):
        objective(readout="projection").build(architecture(classes=0))

"""Every composition of the parts by one contract: shapes, reach of the gradients, their values.

All losses with all readouts and terms, and penalties spread over them, run on a smooth toy pair, a
smaller set on every architecture.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.nn.utils.parametrize import is_parametrized

from ogan_bench.data.base import ImageShape
from ogan_bench.errors import UserError
from ogan_bench.models.base import Architecture, Encoder, Generator
from ogan_bench.models.spectral import settle
from ogan_bench.objectives.base import Objective
from ogan_bench.objectives.composed import ComposedObjective, composed
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Net, Nets
from ogan_bench.seeding import generator
from ogan_bench.study import catalogue
from ogan_bench.study.parts import build, component_of
from ogan_bench.training.updates import gradients, total

N, D, CLASSES = 5, 6, 3
SHAPE = ImageShape(3, 4, 4)

KINDS = ("adversarial", "readouts", "consistency", "penalties")
ADVERSARIAL, READOUTS, CONSISTENCY, PENALTIES = (catalogue.names(kind) for kind in KINDS)

READOUT_SETTINGS: dict[str, Any] = {
    **{name: name for name in READOUTS},
    "dim": {"name": "dim", "dims": 2},
    "spare": {"name": "spare", "dims": 2},
    "head of two layers": {"name": "head", "hidden": 8},
}

DIFFERENCES = ("linear", "relativistic", "relativistic_average")
"""Losses of E that depend on differences of scores alone."""

LINEAR_IN_CODE = ("avg", "head", "dim", "spare", "projection")
"""Readouts to which the bias of E's last layer adds the same number for every image."""


class ToyGenerator(Generator):
    """Two dense layers, smooth."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(D, 4), nn.Tanh(), nn.Linear(4, 48), nn.Tanh(), nn.Unflatten(1, tuple(SHAPE))
        )

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        images: Tensor = self.layers(z)
        return images


def toy_encoder(outputs: int) -> Encoder:
    """Two dense layers, smooth."""
    trunk = nn.Sequential(nn.Flatten(), nn.Linear(48, 4), nn.SiLU())
    return Encoder(trunk, nn.Linear(4, outputs))


TOY = Architecture(D, toy_encoder, ToyGenerator, CLASSES)


def nets_of(objective: Objective, architecture: Architecture) -> Nets:
    """Nets in float64 whose scores lie on both sides of the hinge's margins."""
    nets = objective.build(architecture)
    for name, buffer in nets.encoder.named_buffers():
        if name == "score_averages":  # that generated images had higher scores than real ones
            buffer.copy_(torch.tensor([-0.5, 0.5, 1.0]))
    for name, net in nets.named().items():
        random = generator(0, name)
        net.double()
        for parameter in net.parameters():
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 4
            nn.init.normal_(parameter, std=2 * fan_in**-0.5, generator=random)
        # Spectral norm has to know the new kernels, and to stand still for finite differences.
        settle(net)
        for module in net.modules():
            if is_parametrized(module):
                module.parametrizations.eval()  # type: ignore[union-attr]
    return nets


def see(nets: Nets, shape: ImageShape, d: int) -> ForwardPass:
    """A batch of random images; the same at every call."""
    random = generator(1, "batch")
    x = torch.rand(N, *shape, dtype=torch.float64, generator=random) * 2 - 1
    z = torch.randn(N, d, dtype=torch.float64, generator=random)
    labels, z_labels = torch.randint(CLASSES, (2, N), generator=random)
    noise = {
        "mixing": torch.rand(N, 1, 1, 1, generator=generator(2, "mixing")),
        "offset_real": torch.randn(N, max(d, prod(shape)), generator=generator(2, "real")),
        "offset_fake": torch.randn(N, max(d, prod(shape)), generator=generator(2, "fake")),
    }
    return ForwardPass(nets, Batch(x, z, labels, z_labels, 0.5, noise))


def idle(net: nn.Module) -> set[str]:
    """Parameters without a gradient or with one that is zero."""
    return {
        name
        for name, parameter in net.named_parameters()
        if parameter.grad is None or parameter.grad.abs().max() < 1e-11
    }


def feels_a_shift(adversarial: str, objective: Objective, seen: ForwardPass) -> bool:
    """Whether E's adversarial loss changes where a number is added to all scores."""
    if adversarial == "hinge":  # linear within its margins: what counts is how many are there
        assert isinstance(objective, ComposedObjective)
        real, fake = objective.score_real(seen) > -1, objective.score_fake(seen) < 1
        return bool(real.sum() != fake.sum())
    return adversarial not in DIFFERENCES


def out_of_reach(readout: str, consistency: str) -> set[str]:
    """Parameters of E whose gradient is zero where a shift of all scores is not felt.

    That is the bias of a head's last layer; and, unless a consistency term sees the code, the bias
    of E's last layer, which adds the same number to all scores.
    """
    last = {"head": {"score_head.bias"}, "head of two layers": {"score_head.2.bias"}}
    unseen = consistency == "none" and readout in LINEAR_IN_CODE
    return last.get(readout, set()) | ({"head.bias"} if unseen else set())


def check_terms_and_address(objective: Objective, seen: ForwardPass, where: str) -> None:
    """Terms are per sample and finite; the gradient of one net's loss leaves the other alone.

    Both nets have their gradients afterwards.
    """
    encoder, generator = seen.nets.encoder, seen.nets.generator
    losses = {net: objective.loss(net, seen) for net in seen.nets.named()}
    for terms in (*losses.values(), objective.diagnostics(seen)):
        for name, term in terms.items():
            assert term.shape == (N,), f"{where}: {name}"
            assert term.isfinite().all(), f"{where}: {name}"

    gradients("encoder", losses["encoder"], seen, retain_graph=True)
    assert all(parameter.grad is None for parameter in generator.parameters()), where
    before = {name: parameter.grad for name, parameter in encoder.named_parameters()}
    gradients("generator", losses["generator"], seen)
    for name, parameter in encoder.named_parameters():
        assert parameter.grad is before[name], f"{where}: {name}"
    assert seen.leaf.grad is None, where


def check_slope(
    net: Net, objective: Objective, see_again: Callable[[], ForwardPass], where: str
) -> None:
    """The gradient along a random direction is the slope of the loss; the other net stands still.

    Expects the net's gradient where ``gradients`` has left it.
    """
    parameters = list(see_again().nets.named()[net].parameters())
    here = parameters_to_vector(parameters).detach().clone()
    way = torch.randn(here.shape, dtype=here.dtype, generator=generator(3, net))
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    expected = (parameters_to_vector(grads) @ way).item()
    step, values = 1e-6, []
    for sign in (1, -1):
        vector_to_parameters(here + sign * step * way, parameters)
        values.append(total(objective.loss(net, see_again())).item())
    vector_to_parameters(here, parameters)
    slope = (values[0] - values[1]) / (2 * step)
    assert slope == pytest.approx(expected, rel=1e-5, abs=1e-7), f"{where}: {net}"


def pairs(adversarial: str, readout: str) -> list[tuple[str, str]]:
    """Each consistency term with one penalty, a different one for each loss and readout.

    The two are added and share nothing but E's output, so the pairs are spread over the
    compositions instead of being repeated in each.
    """
    start = ADVERSARIAL.index(adversarial) + list(READOUT_SETTINGS).index(readout)
    return [
        (consistency, PENALTIES[(start + place) % len(PENALTIES)])
        for place, consistency in enumerate(CONSISTENCY)
    ]


def test_all_terms_meet_all_penalties() -> None:
    met = {
        pair
        for adversarial in ADVERSARIAL
        for readout in READOUT_SETTINGS
        for pair in pairs(adversarial, readout)
    }
    assert met == set(itertools.product(CONSISTENCY, PENALTIES))


TAKES_A_FACTOR_AS_CONSTANT = {"scaled_pearson"}
"""Terms whose gradient is by definition not the slope of their value."""


@pytest.mark.parametrize("readout", READOUT_SETTINGS)
@pytest.mark.parametrize("adversarial", ADVERSARIAL)
def test_every_composition_on_a_smooth_pair(adversarial: str, readout: str) -> None:
    for consistency, penalty in pairs(adversarial, readout):
        where = f"{adversarial}, {readout}, {consistency}, {penalty}"
        objective = composed(
            adversarial=adversarial,
            readout=READOUT_SETTINGS[readout],
            consistency=consistency,
            penalty=penalty,
        )
        nets = nets_of(objective, TOY)
        seen = see(nets, SHAPE, D)
        check_terms_and_address(objective, seen, where)
        # Averages of earlier scores do not move with the scores.
        shift_counts = feels_a_shift(adversarial, objective, seen) or penalty == "lecam"
        expected = set() if shift_counts else out_of_reach(readout, consistency)
        assert idle(nets.encoder) == expected, where
        assert not idle(nets.generator), where
        if consistency not in TAKES_A_FACTOR_AS_CONSTANT:
            for net in nets.named():
                check_slope(net, objective, partial(see, nets, SHAPE, D), where)


@pytest.mark.parametrize("readout", READOUT_SETTINGS)
@pytest.mark.parametrize("consistency", CONSISTENCY)
def test_a_code_has_the_dimensions_of_z(consistency: str, readout: str) -> None:
    """Whatever else E puts out, its code goes through G."""
    objective = composed(
        adversarial="linear",
        readout=READOUT_SETTINGS[readout],
        consistency=consistency,
        penalty="none",
    )
    nets = nets_of(objective, TOY)
    seen = see(nets, SHAPE, D)
    code = objective.code(nets.encoder(seen.x), D)
    assert code.shape == (N, D)
    assert objective.decode(nets.generator, code, seen.labels).shape == (N, *SHAPE)


SOME = [
    (
        ADVERSARIAL[i % len(ADVERSARIAL)],
        list(READOUT_SETTINGS)[i % len(READOUT_SETTINGS)],
        CONSISTENCY[i % len(CONSISTENCY)],
        PENALTIES[i % len(PENALTIES)],
    )
    for i in range(max(len(ADVERSARIAL), len(READOUT_SETTINGS), len(CONSISTENCY), len(PENALTIES)))
]
"""Compositions in which every part occurs."""

SMALL = {"z_dim": 6, "width": 2}
"""What makes an architecture small, as far as it can be set."""


def small(name: str) -> tuple[Architecture, ImageShape]:
    """An architecture at the smallest size, for images or else for points of the plane."""
    settable = {parameter.name for parameter in catalogue.parts("models")[name].parameters}
    chosen = {"name": name, **{key: SMALL[key] for key in SMALL.keys() & settable}}
    image, point = ImageShape(3, 16, 16), ImageShape(2, 1, 1)
    try:
        return build("models", component_of("models", chosen), image, CLASSES), image
    except UserError:
        return build("models", component_of("models", chosen), point, CLASSES), point


@pytest.mark.parametrize("parts", SOME, ids="-".join)
@pytest.mark.parametrize("name", catalogue.names("models"))
def test_every_part_on_every_architecture(name: str, parts: tuple[str, ...]) -> None:
    adversarial, readout, consistency, penalty = parts
    objective = composed(
        adversarial=adversarial,
        readout=READOUT_SETTINGS[readout],
        consistency=consistency,
        penalty=penalty,
    )
    architecture, shape = small(name)
    nets = nets_of(objective, architecture)
    again = partial(see, nets, shape, architecture.z_dim)
    check_terms_and_address(objective, again(), name)
    for net, module in nets.named().items():
        # Batch norm takes away what a bias before it adds.
        assert not {idler for idler in idle(module) if not idler.endswith("bias")}, net
        if consistency not in TAKES_A_FACTOR_AS_CONSTANT:
            check_slope(net, objective, again, name)

"""Every system on every architecture, by one contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from ogan_bench.data.base import ImageShape
from ogan_bench.models.base import Architecture
from ogan_bench.models.initialisation import Normal, initialise
from ogan_bench.objectives.base import Objective, draw_noise
from ogan_bench.objectives.forward_pass import Batch, ForwardPass, Net, Nets
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.seeding import generator
from ogan_bench.study import catalogue
from ogan_bench.study.parts import build, component_of
from ogan_bench.training.updates import Trainables, gradients, total

N, D, CLASSES = 4, 6, 3
PROGRESS = (0.25, 0.75)
"""Some nets rest in one half of the training."""

SYSTEMS = catalogue.names("objectives")
IMAGES, POINTS = ImageShape(1, 16, 16), ImageShape(2, 1, 1)
PLACES = [
    *(pytest.param((name, IMAGES), id=name) for name in catalogue.names("models")),
    pytest.param(("mlp", POINTS), id="mlp-points"),
]
Place = tuple[str, ImageShape]

SETTINGS: dict[str, dict[str, Any]] = {
    "composed": {
        "adversarial": "linear",
        "readout": "avg",
        "consistency": "pearson",
        "penalty": "quadratic_potential",
    },
    # With the defaults of 1e-8 and 256 one could not tell whether their terms are there.
    "soft_intro_vae": {"gamma_r": 1.0, "beta_neg": 1.0},
}
TOY = {"z_dim": D, "width": 6, "hidden": 8}
"""What makes nets small, where a part has a parameter of this name."""

STOPS = {("intro_vae", "encoder"), ("soft_intro_vae", "encoder"), ("soft_intro_vae", "generator"),
         ("alae", "generator"), ("inv_gan", "encoder"), ("contrad", "encoder"),
         ("dc_vae", "critic")}  # fmt: skip
"""Losses whose formula stops a gradient that would reach the net whose loss it is."""


def component(kind: str, name: str) -> Any:
    """A part at toy size."""
    known = {parameter.name for parameter in catalogue.parts(kind)[name].parameters}
    small = {key: value for key, value in TOY.items() if key in known}
    return component_of(kind, {"name": name, **small, **SETTINGS.get(name, {})})


def objective_of(system: str) -> Objective:
    objective: Objective = build("objectives", component("objectives", system))
    return objective


def nets_of(objective: Objective, place: Place) -> Nets:
    """Nets with initial weights, the author's 0.02 made larger so that images are not all alike."""
    name, shape = place
    architecture: Architecture = build("models", component("models", name), shape, CLASSES)
    nets = objective.build(architecture)
    for net, module in nets.named().items():
        initialise(module, generator(0, net), Normal(0.06))
        module.double()
    return nets


def draw(objective: Objective, shape: ImageShape, progress: float, number: int = 0) -> Batch:
    random = generator(1, "batch", number)
    x = torch.rand(N, *shape, dtype=torch.float64, generator=random) * 2 - 1
    z = objective.prior(torch.randn(N, D, dtype=torch.float64, generator=random))
    labels, z_labels = torch.randint(CLASSES, (2, N), generator=random)
    noise = draw_noise(objective, x.shape, D, partial(generator, 2 + number))
    return Batch(x, z, labels, z_labels, progress, noise)


def per_sample(terms: object) -> None:
    assert isinstance(terms, dict)
    for name, term in terms.items():
        assert term.shape == (N,), name
        assert term.isfinite().all(), name


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_terms_and_diagnostics_are_finite_and_per_sample(system: str, place: Place) -> None:
    objective = objective_of(system)
    nets = nets_of(objective, place)
    for progress in PROGRESS:
        batch = ForwardPass(nets, draw(objective, place[1], progress))
        for net in nets.named():
            per_sample(objective.loss(net, batch))
        per_sample(objective.diagnostics(batch))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_gradients_reach_all_of_their_own_net_and_nothing_else(system: str, place: Place) -> None:
    """Biases may get none: batch norm, and differences of scores, take them away again."""
    objective = objective_of(system)
    nets = nets_of(objective, place)
    reached: dict[str, set[str]] = {net: set() for net in nets.named()}
    for progress in PROGRESS:
        batch = ForwardPass(nets, draw(objective, place[1], progress))
        for net, module in nets.named().items():
            terms = objective.loss(net, batch)
            if not terms:
                continue
            for each in nets.named().values():
                each.zero_grad(set_to_none=True)
            gradients(net, terms, batch, retain_graph=True)
            for name, parameter in module.named_parameters():
                if parameter.grad is not None and parameter.grad.any():
                    assert parameter.grad.isfinite().all(), (net, name)
                    reached[net].add(name)
            for other, elsewhere in nets.named().items():
                if other != net:
                    assert all(p.grad is None for p in elsewhere.parameters()), (net, other)
            assert batch.leaf.grad is None
    for net, module in nets.named().items():
        kernels = {name for name, _ in module.named_parameters() if not name.endswith("bias")}
        assert kernels <= reached[net], net


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_codes_and_images_have_their_shapes(system: str, place: Place) -> None:
    objective = objective_of(system)
    nets = nets_of(objective, place)
    for net in nets.named().values():
        net.eval()
    batch = draw(objective, place[1], 0.5)
    pair = Autoencoder(objective, nets.encoder, nets.generator, D)
    with torch.inference_mode():
        code = pair.encode(batch.x)
        images = pair.decode(code, batch.labels)
        latent = objective.latent(nets.generator, batch.z)
    assert code.shape == latent.shape == (N, D)
    assert images.shape == batch.x.shape
    for values in (code, latent, images):
        assert values.isfinite().all()
    noise = torch.randn(N, D, dtype=torch.float64, generator=generator(3, "z"))
    prior = objective.prior(noise)
    assert prior.shape == noise.shape
    assert prior.dtype == noise.dtype


@pytest.mark.parametrize("update", catalogue.names("updates"))
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_step_moves_the_nets_that_have_terms(system: str, place: Place, update: str) -> None:
    objective = objective_of(system)
    nets = nets_of(objective, place)
    trainables = Trainables(
        nets,
        {name: torch.optim.SGD(net.parameters(), lr=1e-6) for name, net in nets.named().items()},
    )
    rule = build("updates", update)
    ever: set[str] = set()
    for progress in PROGRESS:
        before = {name: parameters_to_vector(net.parameters()) for name, net in _named(nets)}
        batches = [draw(objective, place[1], progress, z) for _, z in rule.batches(0)]
        report = rule.update(objective, trainables, batches)
        moved = {
            name
            for name, net in _named(nets)
            if not torch.equal(parameters_to_vector(net.parameters()), before[name])
        }
        assert moved == {name for name, terms in report.losses.items() if terms}
        for terms in (*report.losses.values(), report.diagnostics):
            per_sample(terms)
            assert not any(term.requires_grad for term in terms.values())
        ever |= moved
    assert ever == set(nets.named())


def _named(nets: Nets) -> list[tuple[Net, torch.nn.Module]]:
    return list(nets.named().items())


# The gradients against finite differences


class Attached(ForwardPass):
    """A pass in which G(z) keeps its graph, so that moving G moves what others see of it."""

    @cached_property
    def leaf(self) -> Tensor:
        return self.generated


@contextmanager
def detached_values(tape: list[Tensor], *, replay: bool) -> Iterator[None]:
    """Record what ``detach`` gives, or let it give what was recorded.

    A finite difference sees through ``detach``. With its values as they were before the difference
    they are what the formula means by them: constants.
    """
    recorded = iter(list(tape))

    def detach(tensor: Tensor) -> Tensor:
        if replay:
            return next(recorded)
        tape.append(tensor.data.clone())
        return tensor.data.clone()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "detach", detach)
        yield
    assert not replay or next(recorded, None) is None


def slopes(system: str, net: Net, progress: float) -> tuple[float, float, float] | None:
    """Of a net's loss along a random direction of its parameters; nothing where it rests.

    Returns:
        By the gradient, by differences with detached values held, and by plain differences.
    """
    objective = objective_of(system)
    nets = nets_of(objective, ("dcgan", IMAGES))
    module = nets.named()[net]

    def see(kind: Callable[[Nets, Batch], ForwardPass] = Attached) -> ForwardPass:
        return kind(nets, draw(objective, IMAGES, progress))

    batch = see(ForwardPass)
    terms = objective.loss(net, batch)
    if not terms:
        return None
    gradients(net, terms, batch)
    there = parameters_to_vector(module.parameters()).clone()
    slope = parameters_to_vector(
        torch.zeros_like(p) if p.grad is None else p.grad for p in module.parameters()
    )
    direction = torch.randn(len(there), dtype=there.dtype, generator=generator(4, net))
    by_gradient = (slope * direction).sum().item()

    tape: list[Tensor] = []
    with detached_values(tape, replay=False):
        objective.loss(net, see())

    def loss_at(offset: float, *, held: bool) -> float:
        with torch.no_grad():
            vector_to_parameters(there + offset * direction, module.parameters())
        if not held:
            return total(objective.loss(net, see())).item()
        with detached_values(tape, replay=True):
            return total(objective.loss(net, see())).item()

    h = 1e-7  # R1 jumps where an activation of LeakyReLU changes sign: so close that none does
    held, plain = (
        (loss_at(h, held=held) - loss_at(-h, held=held)) / (2 * h) for held in (True, False)
    )
    return by_gradient, held, plain


@pytest.mark.parametrize("system", SYSTEMS)
def test_gradients_equal_finite_differences(system: str) -> None:
    objective = objective_of(system)
    for net in nets_of(objective, ("dcgan", IMAGES)).named():
        found = [f for f in (slopes(system, net, progress) for progress in PROGRESS) if f]
        assert found, net
        for by_gradient, held, plain in found:
            assert abs(by_gradient) > 1e-5, net
            assert by_gradient == pytest.approx(held, rel=1e-4, abs=1e-7), net
            # Where no formula says so, nothing is stopped.
            stopped = by_gradient != pytest.approx(plain, rel=1e-4, abs=1e-7)
            assert stopped == ((system, net) in STOPS), net

"""Sampling and encoding: one z for all, and no side effects."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any, Literal

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.data.base import Split, to_float, to_uint8
from ogan_bench.errors import NoValueError
from ogan_bench.models.normalization import standardise
from ogan_bench.objectives.base import Projection
from ogan_bench.objectives.composed import composed
from ogan_bench.sampling.samples import Samples
from tests.oracles.sampling.drawing import D, Pair, draw, settings
from tests.oracles.stand_ins import Plain, Untrained

SHAPE = (1, 4, 4)


class Shifted(Plain):
    """A conditional generator: the label moves the image."""

    conditional = True

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        assert labels is not None
        return super().forward(z) + 10.0 * labels.view(-1, 1, 1, 1)


def tensors(samples: Samples) -> dict[str, Tensor]:
    found = {
        field.name: getattr(samples, field.name)
        for field in dataclasses.fields(samples)
        if isinstance(getattr(samples, field.name), Tensor)
    }
    for name in ("trained", "untrained"):
        codes = getattr(samples, name)
        found |= {f"{name}.train": codes.train, f"{name}.test": codes.test}
    return found


def test_what_is_drawn_is_what_is_documented(nets: Pair, dataset: Dataset) -> None:
    samples = draw(nets, dataset, settings())
    E, G = (copy.deepcopy(net).eval() for net in nets)
    with torch.no_grad():
        x_fake, e = G(samples.z), E(to_float(dataset.test.images))
        assert torch.equal(samples.images, to_uint8(x_fake))
        assert torch.allclose(samples.codes, E(x_fake), atol=1e-5)
        assert torch.allclose(samples.trained.test, e, atol=1e-5)
        assert torch.allclose(samples.reconstructions, G(standardise(e)), atol=1e-5)
        assert torch.allclose(samples.raw_reconstructions, G(e), atol=1e-5)
        assert torch.allclose(samples.own_reconstructions, G(e), atol=1e-5)
        probed = to_float(dataset.train.images[samples.train_indices])
        assert torch.allclose(samples.trained.train, E(probed), atol=1e-5)
    assert len(samples.train_indices.unique()) == 100
    assert samples.labels is not None
    assert samples.labels.unique().tolist() == [0, 1, 2]
    assert samples.swapped is None


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [
        ("standardise", "own", "standardise"),
        ("centre", "own", "centre"),
        ("sphere", "own", "sphere"),
        ("none", "own", "none"),
        ("none", "standardise", "standardise"),
        ("sphere", "none", "none"),
    ],
)
def test_own_reconstructions_follow_projection_and_temperature(
    nets: Pair,
    dataset: Dataset,
    own: Projection,
    asked: Literal["own", "standardise", "none"],
    expected: Projection,
) -> None:
    chosen = settings().model_copy(update={"projection": asked, "temperature": 0.9})
    samples = draw(nets, dataset, chosen, objective=Untrained(own))
    e, G = samples.trained.test, copy.deepcopy(nets[1]).eval()
    code = {
        "standardise": (e - e.mean(1, keepdim=True)) / e.std(1, keepdim=True, correction=0),
        "centre": e - e.mean(1, keepdim=True),
        "sphere": e / e.norm(dim=1, keepdim=True) * D**0.5,
        "none": e,
    }[expected]
    with torch.no_grad():
        assert torch.allclose(samples.own_reconstructions, G(0.9 * code), atol=1e-5)


def test_tied_dimensions_reach_the_generator_at_the_scale_of_z(
    nets: Pair, dataset: Dataset
) -> None:
    """Of a code with two dimensions for the score the other four have N(·) to themselves."""
    readout: Any = {"name": "dim", "dims": 2}
    objective = composed(
        adversarial="linear", readout=readout, consistency="pearson", penalty="none"
    )
    samples = draw(nets, dataset, settings(), objective=objective)
    E, G = (copy.deepcopy(net).eval() for net in nets)
    with torch.no_grad():
        e = E(to_float(dataset.test.images))
        code = torch.cat([torch.zeros(len(e), 2), standardise(e[:, 2:])], 1)
        assert torch.allclose(code[:, 2:].std(1, correction=0), torch.ones(len(e)), atol=1e-5)
        for made in (samples.own_reconstructions, samples.reconstructions):
            assert torch.allclose(made, G(code), atol=1e-5)
        raw = torch.cat([torch.zeros(len(e), 2), e[:, 2:]], 1)
        assert torch.allclose(samples.raw_reconstructions, G(raw), atol=1e-5)


def test_a_conditional_generator_is_given_labels_and_others(nets: Pair, dataset: Dataset) -> None:
    G = Shifted(nets[1].net)
    samples = draw((nets[0], G), dataset, settings())
    plain = draw(nets, dataset, settings())
    assert samples.labels is not None
    assert samples.swapped is not None
    assert samples.swapped_labels is not None

    # An image's level tells the class; tanh alone stays within [-1, 1].
    def level(images: Tensor) -> Tensor:
        return (images.amax((1, 2, 3)) / 10).round().long()

    assert torch.equal(level(samples.own_reconstructions), dataset.test.known_labels)
    assert torch.equal(level(samples.swapped), samples.swapped_labels)
    assert bool((samples.swapped_labels != dataset.test.known_labels).all())
    assert samples.swapped_labels.unique().tolist() == [0, 1, 2]
    # The level is far above white wherever the label is not 0.
    assert bool((samples.images[samples.labels > 0] == 255).all())
    assert torch.equal(samples.images[samples.labels == 0], plain.images[samples.labels == 0])


def test_a_dataset_without_labels_has_none_to_ask_for(nets: Pair, dataset: Dataset) -> None:
    bare = dataclasses.replace(
        dataset, train=Split(dataset.train.images), test=Split(dataset.test.images), classes=()
    )
    samples = draw(nets, bare, settings())
    assert samples.labels is None
    assert torch.equal(samples.images, draw(nets, dataset, settings()).images)


def test_what_is_drawn_can_be_differentiated_at(nets: Pair, dataset: Dataset) -> None:
    z = draw(nets, dataset, settings()).z.clone().requires_grad_()
    codes = draw(nets, dataset, settings()).codes.requires_grad_()
    (z * codes).sum().backward()
    assert z.grad is not None
    assert torch.equal(z.grad, codes.detach())


def test_z_depends_on_the_evaluation_seed_alone(nets: Pair, dataset: Dataset) -> None:
    torch.manual_seed(1)
    first = draw(nets, dataset, settings())
    torch.manual_seed(2)
    others = (nets[0], Plain(nn.Sequential(nn.Linear(D, 16), nn.Unflatten(1, SHAPE))))
    second = draw(others, dataset, settings("real"))
    assert torch.equal(first.z, second.z)
    assert torch.equal(first.train_indices, second.train_indices)
    assert not torch.equal(first.z, draw(nets, dataset, settings(seed=1)).z)


@pytest.mark.parametrize("statistics", ["mixed", "real", "batch"])
def test_result_does_not_depend_on_the_batch_size(
    nets: Pair,
    dataset: Dataset,
    statistics: Literal["real", "mixed", "batch"],
) -> None:
    whole = tensors(draw(nets, dataset, settings(statistics)))
    parts = tensors(draw(nets, dataset, settings(statistics), batch_size=7))
    for name, tensor in whole.items():
        if name == "images":
            assert (tensor.int() - parts[name].int()).abs().max() <= 1
        else:
            assert torch.allclose(tensor, parts[name], atol=1e-5), name


@pytest.mark.parametrize("statistics", ["mixed", "real", "batch"])
def test_nets_and_global_generator_are_left_alone(
    nets: Pair,
    dataset: Dataset,
    statistics: Literal["real", "mixed", "batch"],
) -> None:
    before = [copy.deepcopy(net.state_dict()) for net in nets]
    state = torch.get_rng_state()
    samples = draw(nets, dataset, settings(statistics))
    assert torch.equal(torch.get_rng_state(), state)
    for net, old in zip(nets, before, strict=True):
        assert all(module.training for module in net.modules())
        assert all(parameter.requires_grad for parameter in net.parameters())
        new = net.state_dict()
        assert list(new) == list(old)
        assert all(torch.equal(new[name], old[name]) for name in old)
    again = draw(nets, dataset, settings(statistics))
    assert all(torch.equal(t, tensors(again)[name]) for name, t in tensors(samples).items())


@pytest.mark.parametrize(("which", "name"), [(0, "the encoder"), (1, "the generator")])
def test_values_that_are_not_finite_are_an_error(
    nets: Pair, dataset: Dataset, which: int, name: str
) -> None:
    with torch.no_grad():
        next(nets[which].parameters()).fill_(float("nan"))
    with pytest.raises(NoValueError, match=f"{name} gives values that are not finite"):
        draw(nets, dataset, settings())

"""What a trial trains, before its first step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ogan_bench.data import Dataset
from ogan_bench.study import catalogue
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_nets, build_training
from tests.contracts.small_trials import small_trial
from tests.unit.training.test_loop import trial


def test_arms_of_a_seed_share_initialisation_and_seeds_do_not(dataset: Dataset) -> None:
    def weights(chosen: Trial) -> Tensor:
        encoder = build_nets(chosen, dataset).encoder
        return torch.cat([p.flatten() for p in encoder.parameters()])

    assert torch.equal(weights(trial("pearson", 0)), weights(trial("mse", 0)))
    assert not torch.equal(weights(trial("pearson", 0)), weights(trial("pearson", 1)))


def kernels(net: nn.Module | None) -> list[nn.Module]:
    layers = nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding
    return [] if net is None else [m for m in net.modules() if isinstance(m, layers)]


WITH_HEADS = [("readouts", "head"), ("readouts", "projection")]
SYSTEMS = [("objectives", name) for name in catalogue.names("objectives")]


@pytest.mark.parametrize(("kind", "name"), [*SYSTEMS, *WITH_HEADS])
def test_spectral_norm_reaches_every_kernel_of_e_and_of_critics(
    kind: str, name: str, dataset: Dataset
) -> None:
    """Added layers too, and class vectors, which would start at zero: nothing becomes nan."""
    chosen = small_trial(kind, name, model={"name": "dcgan", "spectral_norm": True})
    setup = build_training(chosen, dataset, torch.device("cpu"))
    nets = setup.trainables.nets
    for step in range(2):
        setup.update(setup.draw(step))
    assert not any(map(is_parametrized, kernels(nets.generator)))
    judges = [*kernels(nets.encoder), *kernels(nets.critic)]
    assert all(map(is_parametrized, judges))
    for net in nets.named().values():
        net.eval()
        assert all(bool(value.isfinite().all()) for value in net.state_dict().values())
    for layer in judges:
        kernel: Any = layer.weight
        norm = torch.linalg.matrix_norm(kernel.detach().flatten(1), ord=2)
        assert 0.9 < float(norm) < 1.2


@pytest.mark.parametrize(
    ("kind", "name", "net", "added"),
    [
        *((*part, "encoder", "score_head") for part in WITH_HEADS),
        ("objectives", "alae", "encoder", "score_head"),
        ("objectives", "bigan", "critic", "joint"),
        ("objectives", "triple_critics", "critic", "code"),
    ],
)
def test_before_it_left_out_what_objectives_add(
    kind: str, name: str, net: str, added: str, dataset: Dataset
) -> None:
    model = {"name": "dcgan", "spectral_norm": True, "spectral_heads": False}
    nets = build_nets(small_trial(kind, name, model=model), dataset)
    whole: Any = getattr(nets, net)
    of_heads = kernels(whole.get_submodule(added))
    assert of_heads
    assert not any(map(is_parametrized, of_heads))
    assert all(is_parametrized(k) for k in kernels(whole) if all(k is not h for h in of_heads))


def test_class_vectors_start_at_zero_unless_they_are_normalised(dataset: Dataset) -> None:
    def vectors(spectral_norm: bool) -> Tensor:
        model = {"name": "dcgan", "spectral_norm": spectral_norm}
        head = build_nets(small_trial("readouts", "projection", model=model), dataset).encoder
        assert isinstance(head.score_head, nn.Embedding)
        return head.score_head.weight.detach()

    assert not vectors(False).any()
    assert vectors(True).any(dim=1).all()

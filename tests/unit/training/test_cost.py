"""Arithmetic and memory of a step: against counts by hand and against torch's own counter."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ogan_bench.data import Dataset
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial
from ogan_bench.training.cost import FlopCounter, SavedTensors, step_cost
from ogan_bench.training.setup import build_training

CPU = torch.device("cpu")


def trial(*overrides: str, arm: str = "pearson") -> Trial:
    small = ["training.batch_size=8", "model.width=4", *overrides]
    return Trial(
        "t", arm, 0, load_study(Path("studies/mse_vs_pearson.yaml"), overrides=small).arms[arm]
    )


def test_products_and_convolutions_are_counted_with_their_backward_passes() -> None:
    x, w = torch.randn(3, 5), torch.randn(5, 7, requires_grad=True)
    with FlopCounter() as forward:
        y = x @ w
    with FlopCounter() as backward:
        y.sum().backward()
    assert forward.total == 2 * 3 * 5 * 7
    assert backward.total == 2 * 3 * 5 * 7  # of w alone: x takes no gradient

    images, kernel = torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3)
    with FlopCounter() as convolution:
        torch.nn.functional.conv2d(images, kernel, padding=1)
    assert convolution.total == 2 * (2 * 8 * 8 * 4) * (3 * 3 * 3)


def test_gradients_of_gradients_are_counted() -> None:
    x = torch.randn(3, 5, requires_grad=True)
    w = torch.randn(5, 7, requires_grad=True)
    with FlopCounter() as counter:
        (slope,) = torch.autograd.grad((x @ w).square().sum(), x, create_graph=True)
        slope.square().sum().backward()
    assert counter.total == 2 * 3 * 5 * 7 * 6  # x w; to x; to x, w of the product; its two again


def test_what_autograd_keeps_is_followed_up_and_down() -> None:
    w = torch.ones(100, requires_grad=True)
    saved = SavedTensors([w])
    with torch.autograd.graph.saved_tensors_hooks(saved.pack, saved.unpack):
        first = (w * 2).exp()  # keeps its result: 400 bytes
        assert saved.peak == 400
        second = first.exp()  # keeps another
        assert saved.peak == 800
        second.sum().backward()
        del first, second
        (w * 2).exp().sum().backward()  # nothing of the first is there any more
    assert saved.peak == 800


def test_a_storage_is_counted_once_and_parameters_not_at_all() -> None:
    w = torch.ones(100, requires_grad=True)
    saved = SavedTensors([w])
    with torch.autograd.graph.saved_tensors_hooks(saved.pack, saved.unpack):
        y = w * w  # keeps the parameter, twice
        assert saved.peak == 0
        z = y * y  # keeps y, twice
        assert saved.peak == 400
        z.sum().backward()


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_a_step_agrees_with_the_counter_of_torch(dataset: Dataset, updates: str) -> None:
    chosen = trial(f"training.updates={updates}")
    setup = build_training(chosen, dataset, CPU)
    with FlopCounterMode(display=False) as theirs:
        setup.update(setup.draw(0))
    cost = step_cost(chosen, dataset, CPU)
    assert cost.step_flops == theirs.get_total_flops()
    assert cost.peak_bytes is None


def test_the_pearson_term_needs_no_product_and_hardly_any_memory(dataset: Dataset) -> None:
    """The article's claim on cost, as far as it is a matter of arithmetic."""
    without, with_term = (step_cost(trial(arm=arm), dataset, CPU) for arm in ("none", "pearson"))
    assert with_term.step_flops == without.step_flops
    assert 1 < with_term.activation_bytes / without.activation_bytes < 1.05


def test_more_passes_cost_more(dataset: Dataset) -> None:
    base = step_cost(trial(), dataset, CPU)
    twice = step_cost(trial("training.batch_size=16"), dataset, CPU)
    assert twice.step_flops == 2 * base.step_flops
    assert twice.activation_bytes > 1.8 * base.activation_bytes
    penalised = step_cost(trial("objective.penalty=r1"), dataset, CPU)
    assert penalised.step_flops > base.step_flops


def test_counting_is_repeatable(dataset: Dataset) -> None:
    assert step_cost(trial(), dataset, CPU) == step_cost(trial(), dataset, CPU)

"""Means of logged terms, with nets that rest and after an interruption."""

from __future__ import annotations

import copy

import pytest
import torch

from ogan_bench.training.running_means import RunningMeans
from ogan_bench.training.updates import StepReport

BOTH = StepReport(
    {
        "encoder": {"adversarial": torch.tensor([1.0, 3.0]), "penalty": torch.tensor([4.0, 6.0])},
        "generator": {"adversarial": torch.tensor([-1.0, 0.0])},
    },
    {"rho": torch.tensor([0.25, 0.75])},
)
RESTING = StepReport({"encoder": {"adversarial": torch.tensor([8.0, 10.0])}, "generator": {}}, {})


def test_a_term_is_averaged_over_the_steps_that_have_it() -> None:
    window = RunningMeans()
    for report in (BOTH, RESTING, BOTH, StepReport({}, {})):
        window.add(report)
    assert window.close() == pytest.approx(
        {
            "encoder_adversarial": (2 + 9 + 2) / 3,
            "encoder_penalty": 5,
            "generator_adversarial": -0.5,
            "rho": 0.5,
            "encoder_loss": 13 / 3 + 5,
            "generator_loss": -0.5,
        }
    )
    assert window.close() == {}


def test_what_was_added_before_an_interruption_counts() -> None:
    straight, before = RunningMeans(), RunningMeans()
    for window in (straight, before):
        for report in (BOTH, RESTING):
            window.add(report)
    resumed = RunningMeans(copy.deepcopy(before.sums))
    for window in (straight, resumed):
        window.add(BOTH)
    assert resumed.close() == straight.close()


def test_tensors_of_a_report_may_be_overwritten_by_the_next_step() -> None:
    """As a captured step does."""
    rho = torch.tensor([0.25, 0.75])
    window = RunningMeans()
    window.add(StepReport({}, {"rho": rho}))
    rho.fill_(0.0)
    window.add(StepReport({}, {"rho": rho}))
    assert window.close() == {"rho": 0.25}

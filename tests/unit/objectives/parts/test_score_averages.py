"""Moving averages of scores: their closed form, where they are kept, and when they are updated."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from ogan_bench.errors import UserError
from ogan_bench.objectives.base import draw_noise
from ogan_bench.objectives.forward_pass import Batch
from ogan_bench.objectives.parts.score_averages import ScoreAverages, keep_score_averages
from ogan_bench.seeding import generator
from ogan_bench.study import catalogue
from ogan_bench.study.parts import build, component_of
from ogan_bench.training.updates import Trainables, UpdateRule
from tests.unit.objectives.small_parts import D, N, architecture, draw

PENALISED = [
    name
    for name, part in catalogue.parts("objectives").items()
    if any(parameter.name == "penalty" for parameter in part.parameters)
]


def test_averages_are_those_of_adam() -> None:
    """Σ (1 - β) β^(t-i) m_i / (1 - β^t), from the first mean on."""
    averages, decay = ScoreAverages(torch.zeros(3, dtype=torch.float64)), 0.9
    real, fake = draw(2, 5, N)
    assert averages.begun == 0
    assert averages.real == averages.fake == 0
    for t in range(1, 6):
        averages.update(real[t - 1], fake[t - 1], decay)
        weights = [(1 - decay) * decay ** (t - i) / (1 - decay**t) for i in range(1, t + 1)]
        for found, scores in ((averages.real, real), (averages.fake, fake)):
            wanted = sum(w * m for w, m in zip(weights, scores.mean(1).tolist(), strict=False))
            assert found.item() == pytest.approx(wanted, rel=1e-9)
    assert averages.begun == 1


def test_they_are_a_buffer_and_no_layer() -> None:
    net = nn.Sequential(nn.Linear(2, 1))
    x = torch.ones(1, 2)
    before = net(x)
    keep_score_averages(net)
    assert torch.equal(net(x), before)
    ScoreAverages.of(net).update(torch.ones(3), torch.zeros(3), 0.0)
    assert net.state_dict()["score_averages"].tolist() == [1, 0, 1]


def test_an_objective_that_keeps_none_is_refused() -> None:
    with pytest.raises(UserError, match="this objective keeps none"):
        ScoreAverages.of(nn.Linear(2, 1))


@pytest.mark.parametrize(
    ("updates", "times"), [("simultaneous", 1), ({"name": "alternating", "encoder_steps": 2}, 2)]
)
@pytest.mark.parametrize("name", PENALISED)
def test_every_penalised_objective_updates_them_with_its_scores(
    name: str, updates: Any, times: int
) -> None:
    """Once for each update of the net that scores."""
    parts = {"adversarial": "linear", "readout": "avg", "consistency": "pearson"}
    given = parts if name == "composed" else {}
    penalty = {"name": "lecam", "decay": 0.5}
    chosen = component_of("objectives", {"name": name, **given, "penalty": penalty})
    objective = build("objectives", chosen)
    nets = objective.build(architecture(z_dim=D))
    optimizers = {n: torch.optim.SGD(net.parameters(), lr=0.0) for n, net in nets.named().items()}
    rule: UpdateRule = build("updates", updates)
    buffers = [
        buffer
        for net in nets.named().values()
        for key, buffer in net.named_buffers()
        if key.endswith("score_averages")
    ]
    assert len(buffers) == (3 if name == "triple_critics" else 1)

    def batch(number: int) -> Batch:
        x = draw(N, 1, 16, 16, seed=number).float()
        noise = draw_noise(objective, x.shape, D, lambda key: generator(number, key))
        labels = torch.arange(N) % 3
        return Batch(x, draw(N, D, seed=number).float(), labels, labels, 0.0, noise)

    for step in range(2):
        batches = [batch(k) for k in range(len(rule.batches(step)))]
        report = rule.update(objective, Trainables(nets, optimizers), batches)
        penalty_terms = [
            term
            for terms in report.losses.values()
            for key, term in terms.items()
            if key.endswith("penalty")
        ]
        assert len(penalty_terms) == len(buffers)
        for sums in buffers:
            assert sums[2].item() == pytest.approx(1 - 0.5 ** (times * (step + 1)))
        if times == 1:  # the same batch at every step
            averages, scores = ScoreAverages(buffers[0]), report.diagnostics
            torch.testing.assert_close(averages.real, scores["score_real"].mean())
            torch.testing.assert_close(averages.fake, scores["score_fake"].mean())

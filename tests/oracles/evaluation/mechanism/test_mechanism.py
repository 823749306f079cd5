"""Gradients of the two terms, what of the output space they use, the score and the sharpness."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ogan_bench.data import Dataset
from ogan_bench.errors import NoValueError
from ogan_bench.evaluation.mechanism.mechanism import (
    BATCH_SIZE,
    BATCHES,
    area_under_curve,
    cosines,
    direction_rank,
    loss_probe,
    mechanism_rows,
    score_spread,
)
from ogan_bench.evaluation.rows import Row
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.context import ModelContext
from ogan_bench.sampling.untrained import UntrainedEncoder
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training.setup import build_nets, build_objective
from tests.oracles.evaluation.mechanism.normal_numbers import normal

CPU = torch.device("cpu")
D = 32


def context(dataset: Dataset, *overrides: str, seed: int = 0) -> ModelContext:
    small = ["model.width=4", *overrides]
    settings = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=small).arms["pearson"]
    trial = Trial("t", "pearson", 0, settings)
    nets = build_nets(trial, dataset)
    pair = Autoencoder(build_objective(trial), nets.encoder, nets.generator, D)
    chosen = Evaluation(samples=8, seed=seed)
    return ModelContext(pair, UntrainedEncoder(copy.deepcopy(nets.encoder)), dataset, chosen, CPU)


def rows(of: ModelContext) -> dict[str, Row]:
    return {row.metric: row for row in mechanism_rows(of)}


class TestPureFunctions:
    def test_cosines_of_known_angles(self) -> None:
        first = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
        second = torch.tensor([[0.0, 3.0], [-2.0, 0.0], [2.0, 2.0], [1.0, 0.0]])
        expected = [0.0, -1.0, 1.0, math.nan]
        assert cosines(first, second).tolist() == pytest.approx(expected, nan_ok=True)

    def test_cosines_agree_with_torch(self) -> None:
        first, second = normal(50, 7), normal(50, 7, seed=1)
        theirs = nn.functional.cosine_similarity(first.double(), second.double())
        torch.testing.assert_close(cosines(first, second), theirs)

    def test_zero_gradients_have_no_angle(self) -> None:
        with pytest.raises(NoValueError, match="zero everywhere"):
            cosines(torch.zeros(3, 2), torch.ones(3, 2))

    def test_rank_of_directions_is_between_one_and_all(self) -> None:
        assert direction_rank(torch.outer(normal(9), normal(5, seed=1))) == pytest.approx(1)
        assert direction_rank(torch.eye(6).repeat(3, 1)) == pytest.approx(6)
        assert direction_rank(torch.tensor([[1.0, 0], [9.0, 0], [0, 1], [0, 0]])) == pytest.approx(
            math.exp(-(2 / 3) * math.log(2 / 3) - (1 / 3) * math.log(1 / 3))
        )
        isotropic = direction_rank(normal(4000, 10))
        assert 9.9 < isotropic <= 10
        with pytest.raises(NoValueError, match="zero everywhere"):
            direction_rank(torch.zeros(3, 2))

    def test_area_under_curve_agrees_with_scikit_learn(self) -> None:
        from sklearn.metrics import roc_auc_score

        real = normal(80).round(decimals=1)
        fake = normal(60, seed=1).add(0.5).round(decimals=1)  # with ties
        truth = torch.cat([torch.zeros(80), torch.ones(60)])
        theirs = roc_auc_score(truth.numpy(), torch.cat([real, fake]).numpy())
        assert area_under_curve(real, fake) == pytest.approx(theirs)
        assert area_under_curve(real, real + 100) == 1
        assert area_under_curve(torch.ones(5), torch.ones(7)) == 0.5

    def test_score_spread_of_a_constant_and_of_independent_outputs(self) -> None:
        outputs = normal(20_000, 16)
        assert score_spread(torch.full((10,), 3.0), outputs) == 0
        assert score_spread(outputs.mean(1), outputs) == pytest.approx(1 / 4, rel=0.02)
        assert score_spread(7 * outputs.mean(1), 7 * outputs) == pytest.approx(1 / 4, rel=0.02)
        with pytest.raises(NoValueError, match="all outputs"):
            score_spread(torch.zeros(3), torch.zeros(3, 2))


class TestTrainedPairs:
    def test_average_and_pearson_leave_each_other_alone(self, dataset: Dataset) -> None:
        """By construction: the gradient of avg is constant, that of ρ has no average."""
        found = rows(context(dataset))
        assert found["gradient_cosine_output"].value == pytest.approx(0, abs=1e-6)
        assert found["output_share_adversarial"].value == pytest.approx(1 / D)
        share = found["output_share_consistency"].value
        assert share is not None
        assert 0.5 < share <= (D - 2) / D  # neither the average nor the norm

    def test_the_same_loss_twice_agrees_with_itself(self, dataset: Dataset) -> None:
        """Both terms are mean-square errors of the same outputs to the same targets."""
        probe = loss_probe(context(dataset))

        class Twice(type(probe.objective)):  # type: ignore[misc]
            def encoder_loss(self, batch: object) -> dict[str, Tensor]:
                error = (batch.e_fake - batch.z).square().sum(1)  # type: ignore[attr-defined]
                return {"adversarial": error, "consistency": -2 * error}

        probe.objective = copy.copy(probe.objective)
        object.__setattr__(probe.objective, "__class__", Twice)
        assert cosines(*probe.gradients.output).tolist() == pytest.approx(  # type: ignore[arg-type]
            [-1.0] * BATCHES * BATCH_SIZE
        )
        one, other = probe.gradients.parameters
        torch.testing.assert_close(other, -2 * one)

    def test_mean_square_error_gets_in_the_way_of_the_average(self, dataset: Dataset) -> None:
        found = rows(context(dataset, "objective.consistency=mse"))
        cosine = found["gradient_cosine_output"].value
        assert cosine is not None
        assert abs(cosine) > 1e-4
        share = found["output_share_consistency"].value
        assert share is not None
        assert share <= 1

    def test_gradients_are_those_of_the_written_formula(self, dataset: Dataset) -> None:
        """Linear triple and avg: ∂(-avg E)/∂E = -1/d for every output of every image."""
        adversarial, _ = loss_probe(context(dataset)).gradients.output
        assert adversarial is not None
        torch.testing.assert_close(adversarial.abs(), torch.full_like(adversarial, 1 / D))

    @pytest.mark.parametrize(
        ("overrides", "metric", "why"),
        [
            (["objective.consistency=none"], "gradient_cosine_output", "consistency"),
            (["objective.consistency=pixel_raw"], "gradient_cosine_output", "does not depend on"),
            (["objective.name=vae"], "gradient_cosine_parameters", "no adversarial"),
            (["objective.name=bigan"], "encoder_sharpness", "no critic"),
        ],
    )
    def test_what_is_not_defined_is_said(
        self, dataset: Dataset, overrides: list[str], metric: str, why: str
    ) -> None:
        row = rows(context(dataset, *overrides))[metric]
        assert row.value is None
        assert why in (row.note or "")

    def test_everything_is_measured_and_repeatable(self, dataset: Dataset) -> None:
        first, second = rows(context(dataset)), rows(context(dataset))
        assert {name: row.value for name, row in first.items()} == {
            name: row.value for name, row in second.items()
        }
        assert all(row.value is not None for row in first.values())
        other = rows(context(dataset, seed=1))
        assert other["score_auc"].value != first["score_auc"].value

    def test_batches_are_of_images_trained_on(self, dataset: Dataset) -> None:
        part = replace(dataset, trained_on=torch.arange(0, len(dataset.train), 3))
        alone = replace(part, train=part.trained, trained_on=None)
        found, expected = (rows(context(data)) for data in (part, alone))
        assert found == expected != rows(context(dataset))

    def test_the_nets_are_left_as_they_are(self, dataset: Dataset) -> None:
        under_test = context(dataset)
        E = under_test.autoencoder.encoder
        before = copy.deepcopy(E.state_dict())
        mechanism_rows(under_test)
        for name, value in E.state_dict().items():
            assert torch.equal(value, before[name]), name
        assert all(parameter.grad is None for parameter in E.parameters())

"""The round trip of a trained pair: what its training logs is what its evaluation finds."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ogan_bench.data.sources.digits import digits
from ogan_bench.evaluation.latent.round_trip import latent_rho
from ogan_bench.runner.measure import pair
from ogan_bench.sampling.batch_norm import Policy
from ogan_bench.sampling.samples import freeze_for_evaluation, prior_samples
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.load import load_study
from ogan_bench.study.settings import Evaluation
from ogan_bench.study.trial import Trial
from ogan_bench.training.loop import train
from tests.unit.runner.observed_trials import Script

CPU = torch.device("cpu")
STRONG = (
    "training.steps=250", "training.log_every=50", "training.batch_size=32",
    "training.optimizer.lr=0.0003", "model.width=16", "objective.consistency_weight=32",
)  # fmt: skip


def test_the_round_trip_is_that_of_training_and_was_not_with_running_averages(
    tmp_path: Path,
) -> None:
    study = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=[*STRONG])
    trial, dataset = Trial("t", "pearson", 0, study.arms["pearson"]), digits()
    folder = TrialFolder(tmp_path)
    nets = pair(trial, train(trial, dataset, folder, CPU, Script()).nets, dataset)

    def rho(chosen: Evaluation) -> float:
        frozen = freeze_for_evaluation(nets, dataset, chosen, CPU)
        z = prior_samples(nets, 500, 0)
        with torch.no_grad():
            return latent_rho(z, frozen.encode(frozen.generator(z, None), "generated"))

    def of(policy: Policy) -> float:
        return rho(Evaluation(encoder_statistics=policy))

    logged = folder.log.read()[-1]["rho"]
    assert logged > 0.95
    assert rho(Evaluation()) == of("matched") == pytest.approx(logged, abs=0.02)
    running = Evaluation(encoder_statistics="mixed", generator_statistics="running")
    assert rho(running) < 0.6
    for policy in ("mixed", "balanced", "real"):  # one normalisation for both kinds
        assert of(policy) < 0.8


def test_averaged_nets_are_evaluated_with_statistics_of_their_own_weights(tmp_path: Path) -> None:
    """Averages of running statistics are of the weights of training, not of averaged weights."""
    settings = (*STRONG, "training.ema=0.99", "training.optimizer.lr=0.001")
    study = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=[*settings])
    trial, dataset = Trial("t", "pearson", 0, study.arms["pearson"]), digits()
    nets = pair(trial, train(trial, dataset, TrialFolder(tmp_path), CPU, Script()).nets, dataset)
    z = prior_samples(nets, 1000, 1)

    def images(chosen: Evaluation) -> Tensor:
        with torch.no_grad():
            found: Tensor = freeze_for_evaluation(nets, dataset, chosen, CPU).generator(z, None)
        return found

    nets.generator.train()  # each batch with its own statistics, of the averaged weights
    with torch.no_grad():
        of_batch = copy.deepcopy(nets.generator)(z, None)

    def off(chosen: Evaluation) -> float:
        return float((images(chosen) - of_batch).square().mean().sqrt())

    assert off(Evaluation()) < 0.02
    assert off(Evaluation(generator_statistics="running")) > 5 * off(Evaluation())

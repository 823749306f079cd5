"""The weights that are measured, and what is measured later."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ogan_bench.data import Dataset
from ogan_bench.data.held_out import hold_out
from ogan_bench.errors import UserError
from ogan_bench.runner.measure import pair
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.study.load import load_study
from ogan_bench.training.load import with_chosen_weights
from ogan_bench.training.loop import train
from tests.unit.runner.observed_trials import CHOOSING, Script, run, trial, values

CPU = torch.device("cpu")


def test_the_result_is_of_the_weights_that_did_best_on_held_out_images(
    tmp_path: Path, dataset: Dataset
) -> None:
    chosen = trial(*CHOOSING, "training.optimizer.lr=0.03")
    folder, result = run(tmp_path, chosen)
    history = folder.history.read()
    assert {line["on"] for line in history} == {"held out"}
    errors = {line["step"]: line["metrics"]["reconstruction_mse"] for line in history}
    step = min(errors, key=lambda step: errors[step])
    assert result["facts"]["chosen_step"] == step

    rest, _ = hold_out(dataset, 100, 0)
    trained = train(chosen, rest, TrialFolder(tmp_path / "other"), CPU, Script())
    best = with_chosen_weights(chosen, trained, folder, CPU)
    assert best.chosen_step == step
    x = torch.zeros(4, 1, 16, 16)
    same = torch.equal(
        pair(chosen, best.nets, rest).encoder.eval()(x),
        pair(chosen, trained.nets, rest).encoder.eval()(x),
    )
    assert same == (step == 6)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("evaluation.choose_by=latent_rho", "needs every and held_out"),
        ("evaluation.choose_by=latent_roh", "Did you mean 'latent_rho'"),
        ("evaluation.choose_by=probe_accuracy_pca", "has no direction"),
    ],
)
def test_what_cannot_be_chosen_by_is_refused(override: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_study(Path("studies/mse_vs_pearson.yaml"), overrides=[override])


def test_what_is_measured_is_no_part_of_the_identity_and_the_rest_is() -> None:
    plain = trial()
    for override in ("evaluation.groups=[codes]", "evaluation.extractors=[classifier, inception]"):
        assert trial(override).config_hash == plain.config_hash
    for override in ("evaluation.every=3", "evaluation.held_out=10"):
        assert trial(override).config_hash != plain.config_hash


def test_a_finished_trial_is_completed_with_what_a_study_asks_for_later(tmp_path: Path) -> None:
    folder, before = run(tmp_path, trial())
    log = folder.log.path.read_bytes()
    assert run_trial(trial(), Options(tmp_path), "cpu").status == "skipped"
    _, after = run(tmp_path, trial("evaluation.groups=[mechanism]"))
    assert values(before).items() <= values(after).items()
    assert "score_auc" in values(after)
    assert folder.log.path.read_bytes() == log
    assert len(folder.history.read()) == 3
    assert run_trial(trial(), Options(tmp_path), "cpu").status == "skipped"

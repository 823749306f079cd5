"""Trained nets in Python, from the folder of a trial."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch

import ogan_bench as ob
from ogan_bench.data import Dataset
from ogan_bench.data.base import to_float, to_uint8
from ogan_bench.errors import UserError
from ogan_bench.runner import trained
from ogan_bench.runner.study import store_study
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.sampling.autoencoder import Autoencoder
from ogan_bench.sampling.samples import freeze_for_evaluation
from ogan_bench.store.stored_trials import stored_trial
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial, trials
from tests.unit.runner.observed_trials import CHOOSING, SMALL

STUDY = Path("studies/mse_vs_pearson.yaml")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> TrialFolder:
    """A trial of a stored study, trained with moving averages."""
    overrides = [*SMALL, "training.ema=0.5", "model.z_dim=8"]
    settings = load_study(STUDY, overrides=overrides)
    store = TrialStore(tmp_path_factory.mktemp("results"))
    wanted = trials(settings, ["pearson"], [0])
    store_study(store, settings, wanted, STUDY, None, overrides)
    assert run_trial(wanted[0], Options(store.root), "cpu").status == "finished"
    return store.trial(wanted[0])


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> TrialFolder:
    """A trial whose best weights on held-out images are not those after its last step."""
    overrides = [*SMALL, *CHOOSING, "model.z_dim=8", "training.optimizer.lr=3e-2"]
    trial = trials(load_study(STUDY, overrides=overrides), ["pearson"], [0])[0]
    store = TrialStore(tmp_path_factory.mktemp("chosen"))
    assert run_trial(trial, Options(store.root), "cpu").status == "finished"
    return store.trial(trial)


def test_an_encoder_has_the_weights_that_were_evaluated(
    stored: TrialFolder, chosen: TrialFolder
) -> None:
    """Moving averages, or those chosen on held-out images; not those of the last step."""
    for folder in (stored, chosen):
        state = torch.load(folder.checkpoint, weights_only=True)
        last = state["nets"]["encoder"]
        best = torch.load(folder.chosen, weights_only=True) if folder is chosen else None
        expected = state["averages"][0] if best is None else best["nets"]["encoder"]
        found = ob.load_encoder(folder.path).pair.encoder.state_dict()
        weights = [name for name in found if name.endswith("weight")]
        assert all(torch.equal(found[name], expected[name]) for name in weights)
        assert not all(torch.equal(found[name], last[name]) for name in weights)


def test_the_nets_are_those_that_were_evaluated(stored: TrialFolder, dataset: Dataset) -> None:
    """Test images come back with the error that the result states for pixels in [0, 1]."""
    pair = ob.load_trained(str(stored.path))
    assert pair.z_dim == 8
    assert pair.objective.projection == "standardise"
    x = to_float(dataset.test.images)
    code = pair.encode(x)
    assert code.shape == (len(x), 8)
    assert not code.requires_grad
    again = pair.decode((code - code.mean(1, keepdim=True)) / code.std(1, False, True), None)
    rows = {row["metric"]: row["value"] for row in (stored.read("result.json") or {})["metrics"]}
    assert float((x - again).square().mean()) / 4 == pytest.approx(
        rows["reconstruction_mse"], rel=1e-4
    )


def test_the_weights_are_moving_averages(stored: TrialFolder) -> None:
    state = torch.load(stored.checkpoint, weights_only=True)
    found = copy.deepcopy(ob.load_trained(stored.path).encoder.state_dict())
    weights = [name for name in found if name.endswith("weight")]
    assert all(torch.equal(found[name], state["averages"][0][name]) for name in weights)
    assert not all(torch.equal(found[name], state["nets"]["encoder"][name]) for name in weights)


def test_the_encoder_is_loaded_without_the_data(
    stored: TrialFolder, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit as from the checkpoint, with statistics estimated anew, as earlier versions."""
    pair = ob.load_trained(stored.path)
    by_checkpoint = pair.encode(to_float(dataset.test.images)).numpy()
    z = torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    with monkeypatch.context() as patch:
        patch.setattr(trained, "training_data", None)  # not to be called
        encoder = ob.load_encoder(stored.path)
    assert (encoder(dataset.test.images, projected=False) == by_checkpoint).all()
    assert (encoder.decode(z)[..., 0] == to_uint8(pair.decode(z, None))[:, 0].numpy()).all()
    facts = stored.path / "nets.json"
    facts.rename(stored.path / "elsewhere")
    try:
        found = ob.load_encoder(stored.path)(dataset.test.images, projected=False)
    finally:
        (stored.path / "elsewhere").rename(facts)
    assert (found == by_checkpoint).all()


def test_statistics_are_of_the_images_that_were_trained_on(
    stored: TrialFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Dataset] = []

    def watched(nets: Autoencoder, dataset: Dataset, *rest: Any) -> Autoencoder:
        seen.append(dataset)
        return freeze_for_evaluation(nets, dataset, *rest)

    def on_few(*given: Any, **named: Any) -> Trial:
        trial = stored_trial(*given, **named)
        training = trial.settings.training.model_copy(update={"images": 100})
        settings = trial.settings.model_copy(update={"training": training})
        return Trial(trial.study, trial.arm, trial.seed, settings)

    state = torch.load(stored.checkpoint, weights_only=True)
    monkeypatch.setattr(trained, "freeze_for_evaluation", watched)
    monkeypatch.setattr(trained, "stored_trial", on_few)
    monkeypatch.setattr(Trial, "config_hash", state["config_hash"])
    ob.load_trained(stored.path)
    assert [len(dataset.trained) for dataset in seen] == [100]


def test_what_is_not_the_folder_of_one_finished_trial_is_refused(
    stored: TrialFolder, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=r"give the folder of one trial, like .*/ARM/seed-0"):
        ob.load_trained(stored.path.parent)
    with pytest.raises(UserError, match="not the folder of a stored study"):
        ob.load_trained(tmp_path)
    stored.checkpoint.rename(tmp_path / "checkpoint.pt")
    try:
        with pytest.raises(UserError, match=r"no checkpoint\.pt"):
            ob.load_trained(stored.path)
        stored.checkpoint.write_bytes(b"cut off")
        with pytest.raises(UserError, match=r"checkpoint\.pt"):
            ob.load_trained(stored.path)
    finally:
        (tmp_path / "checkpoint.pt").replace(stored.checkpoint)

"""Results of others: no code comes with them, and no work goes to another place."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ogan_bench as ob
from ogan_bench.errors import UserError
from ogan_bench.metrics import METRICS
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.stored_trials import planned_trials, stored_trials
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study import catalogue, settings
from ogan_bench.study.load import load_study, study_record
from ogan_bench.study.trial import Trial, trials
from tests.unit.study.written_plugin import PLUGIN, PLUGIN_STUDY


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A results folder with a trial of a plug-in, whose metric is forgotten at the end."""
    known = dict(METRICS)
    root = tmp_path_factory.mktemp("given")
    (root / "my_terms.py").write_text(PLUGIN, encoding="utf-8")
    (root / "mine.yaml").write_text(PLUGIN_STUDY, encoding="utf-8")
    study = load_study(root / "mine.yaml")
    store = TrialStore(root / "results")
    store.write_study("mine", study_record(study, [0], "run"))
    chosen = next(trial for trial in trials(study) if trial.arm == "huber")
    assert run_trial(chosen, Options(store.root), "cpu").status == "finished"
    yield root
    METRICS.clear()
    METRICS.update(known)


@pytest.fixture
def given(written: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of these results."""
    root = shutil.copytree(written, tmp_path / "given")
    catalogue.unregister_plugins()
    settings.rebuild_models()
    yield root
    catalogue.unregister_plugins()
    settings.rebuild_models()


def stored(root: Path, *plugins: Path) -> list[Trial]:
    store = TrialStore(root / "results")
    return stored_trials(store.read_study("mine"), store.folders("mine"), plugins=plugins)


def test_a_plugin_runs_only_if_it_is_named(given: Path) -> None:
    with pytest.raises(UserError, match=r"needs the plug-in .*my_terms\.py, whose code runs only"):
        stored(given)
    with pytest.raises(UserError, match="--plugin FILE"):
        ob.load_trained(given / "results/mine/huber/seed-0")
    assert "huber" not in catalogue.names("consistency")
    (trial,) = stored(given, given / "my_terms.py")
    assert trial.settings.plugins
    pair = ob.load_trained(
        given / "results/mine/huber/seed-0", plugins=[str(given / "my_terms.py")]
    )
    assert pair.z_dim == 8


def test_a_changed_plugin_is_refused(given: Path) -> None:
    other = given / "my_terms.py"
    other.write_text(PLUGIN + "\n# edited\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"my_terms\.py: is not the file that .* was trained with"):
        stored(given, other)


@pytest.mark.parametrize(
    ("key", "value"), [("arm", "../../../outside"), ("study", "other"), ("seed", 7)]
)
def test_a_record_of_another_place_is_refused(given: Path, key: str, value: object) -> None:
    folder = TrialFolder(given / "results/mine/huber/seed-0")
    folder.write("run.json", {**(folder.read("run.json") or {}), key: value})
    with pytest.raises(UserError, match=r"run\.json: says that it is of .*moved, copied or edited"):
        stored(given, given / "my_terms.py")


def test_a_stored_study_plans_the_trials_of_its_file(given: Path) -> None:
    store, plugin = TrialStore(given / "results"), given / "my_terms.py"
    with pytest.raises(UserError, match=r"needs the plug-in .*my_terms\.py, whose code runs only"):
        planned_trials(store, ["mine"])
    planned = planned_trials(store, ["mine"], plugins=[plugin])
    assert {trial.plugins for trial in planned} == {(plugin,)}
    found = [(trial.id, trial.config_hash) for trial in planned]  # reading a file rebuilds models
    study = load_study(given / "mine.yaml")
    assert found == [(trial.id, trial.config_hash) for trial in trials(study, seeds=[0])]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folder": "../elsewhere"}, "says that its folder is"),
        ({"arms": {}}, "arms: "),
        ({"arms": None}, "arms: Input should be a valid dictionary"),
        ({"seeds": [0, -1]}, r"seeds\.1: "),
        ({"identities": {}}, "not a stored study"),
    ],
)
def test_a_study_that_cannot_be_planned_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = Path("studies/mse_vs_pearson.yaml")
    study = load_study(path)
    store = TrialStore(tmp_path)
    store.write_study("mse_vs_pearson", {**study_record(study, [0], "run"), **change})
    with pytest.raises(UserError, match=message):
        planned_trials(store, ["mse_vs_pearson"])


def test_an_arm_cannot_lead_out_of_the_folder_nor_have_other_settings_than_it_states(
    tmp_path: Path,
) -> None:
    path = Path("studies/mse_vs_pearson.yaml")
    store = TrialStore(tmp_path)
    record = study_record(load_study(path), [0], "run")
    assert len(planned_trials(_stored(store, record), ["mse_vs_pearson"])) == len(record["arms"])
    arms, identities = record["arms"], record["identities"]
    out = {"../../x": arms["none"]}
    with pytest.raises(UserError, match="arms"):
        planned_trials(_stored(store, {**record, "arms": out}), ["mse_vs_pearson"])
    swapped = {**identities, "none": identities["pearson"]}
    with pytest.raises(UserError, match="none has settings of another version"):
        planned_trials(_stored(store, {**record, "identities": swapped}), ["mse_vs_pearson"])


def _stored(store: TrialStore, record: dict[str, Any]) -> TrialStore:
    store.write_study("mse_vs_pearson", record)
    return store

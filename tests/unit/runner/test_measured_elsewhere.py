"""Results copied to another machine are measured with the classifiers that came with them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.features import ensemble
from ogan_bench.runner.trial import Options, run_trial
from ogan_bench.store.stored_trials import stored_trials
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from ogan_bench.study.load import load_study
from ogan_bench.study.trial import Trial

SMALL = (
    "training.steps=4", "training.log_every=2", "training.batch_size=16", "model.width=4",
    "evaluation.samples=70", "evaluation.probe_images=0", "evaluation.every=2",
    "data.split=every_fifth",
)  # fmt: skip
"""No classifiers are shipped for this split of the digits."""


@pytest.fixture(scope="module")
def trial() -> Trial:
    study = load_study(Path("studies/mse_vs_pearson.yaml"), overrides=SMALL)
    return Trial("t", "pearson", 0, study.arms["pearson"])


@pytest.fixture(scope="module")
def here(trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("here")
    assert run_trial(trial, Options(root), "cpu").status == "finished"
    return root


@pytest.fixture
def elsewhere(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the results on a machine with an empty cache, which must train no classifier."""
    monkeypatch.setenv("OGAN_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(ensemble, "dataset_classifier", lambda *_, **__: pytest.fail("trained"))
    return shutil.copytree(here, tmp_path / "elsewhere")


def rows(folder: TrialFolder) -> list[dict[str, Any]]:
    """Those of the space ``classifier``."""
    found = (folder.read("result.json") or {})["metrics"]
    return [row for row in found if (row["extractor"] or "").startswith("classifier:")]


def test_the_classifiers_travel_with_the_results(here: Path, trial: Trial) -> None:
    assert len(list(TrialStore(here).classifiers.glob("*.safetensors"))) == 1
    assert TrialStore(here).studies() == []
    assert len(rows(TrialStore(here).trial(trial))) > 5


def test_measured_again_elsewhere_every_row_is_equal(
    here: Path, elsewhere: Path, trial: Trial
) -> None:
    assert run_trial(trial, Options(elsewhere, again=True), "cpu").status == "finished"
    assert rows(TrialStore(elsewhere).trial(trial)) == rows(TrialStore(here).trial(trial))


def test_a_group_that_is_added_elsewhere_is_measured_with_the_same_classifiers(
    here: Path, elsewhere: Path, trial: Trial
) -> None:
    folder = TrialStore(elsewhere).trial(trial)
    (wanted,) = stored_trials({}, [folder], groups=["diversity"])
    assert run_trial(wanted, Options(elsewhere, again=True), "cpu").status == "finished"
    before, after = rows(TrialStore(here).trial(trial)), rows(folder)
    assert [row for row in after if row in before] == before
    added = [row for row in after if row not in before]
    assert {row["extractor"] for row in added} <= {row["extractor"] for row in before}
    assert added


def test_further_samplings_elsewhere_use_the_same_classifiers(
    here: Path, elsewhere: Path, trial: Trial
) -> None:
    assert run_trial(trial, Options(elsewhere, samplings=1), "cpu").status == "finished"
    sampled = TrialStore(elsewhere).trial(trial).samplings()[1]
    names = {row["extractor"] for row in rows(TrialStore(here).trial(trial))}
    assert {r["extractor"] for r in sampled if "classifier:" in (r["extractor"] or "")} == names


def test_damaged_classifiers_fail_the_trial_with_one_line(elsewhere: Path, trial: Trial) -> None:
    (path,) = TrialStore(elsewhere).classifiers.iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    report = run_trial(trial, Options(elsewhere, again=True), "cpu")
    assert report.status == "failed"
    assert report.message.startswith(f"{path}: the classifiers of these results cannot be used")

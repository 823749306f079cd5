"""One analysis holds what reports show; an overview and a survey hold what lists show."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ogan_bench.analysis.analyse import Overview, analyse, analyse_stored, overview, survey
from ogan_bench.analysis.loading import load_results
from ogan_bench.analysis.registration import Standing
from ogan_bench.analysis.verdicts import DECISIONS, judge
from ogan_bench.errors import UserError
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.study_with_pictures import write


def test_an_analysis_says_what_its_parts_say(root: Path) -> None:
    results = load_results(root, "demo")
    analysis = analyse(results)
    decisions = [verdict.decision for verdict in judge(results)]
    assert [verdict.decision for verdict in analysis.verdicts] == decisions
    assert analysis.overview.counts == {name: decisions.count(name) for name in DECISIONS}
    open_trials = [(row["arm"], row["seed"], row["outcome"]) for row in analysis.open_trials]
    assert open_trials == [("none", 4, "missing"), ("mse", 3, "failed")]
    assert analysis.comparison is None
    assert [row["mean"] for row in analysis.summary] == analysis.estimates["mean"].tolist()
    for arm in results.arms:
        known = results.by_seed(arm, "reconstruction_mse")
        middle = analysis.median_trials[arm]["seed"]
        assert sorted(known, key=lambda seed: known[seed])[(len(known) - 1) // 2] == middle
        assert analysis.worst_trials[arm]["seed"] == max(known, key=lambda seed: known[seed])


def test_an_analysis_cannot_be_changed(root: Path) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        analyse_stored(root, "demo").verdicts = ()  # type: ignore[misc]


def test_a_study_agrees_with_itself(root: Path) -> None:
    comparison = analyse_stored(root, "demo", against=root).comparison
    assert comparison is not None
    assert {row.answer for row in comparison.rows} == {"agrees"}


def test_an_overview_needs_no_training_log(root: Path) -> None:
    """Lists of studies stay quick, and a damaged log is the report's affair."""
    whole = analyse_stored(root, "demo").overview
    (root / "demo" / "none" / "seed-0" / "train.jsonl").write_text("{\n{\n")
    assert overview(root, "demo") == whole
    assert (whole.finished, whole.planned) == (18, 20)
    with pytest.raises(UserError, match=r"none/seed-0/train\.jsonl: damaged"):
        analyse_stored(root, "demo")


def test_a_survey_names_what_cannot_be_read_and_pools_the_rest(tmp_path: Path) -> None:
    store = TrialStore(tmp_path)
    for name in ("one", "other"):
        record = TrialStore(write(tmp_path, name)).read_study(name)
        record["hypotheses"][0]["part_of"] = "It works."
        store.write_study(name, record)
    store.write_study("spoilt", {"format": 2, "folder": "spoilt"})
    found = survey(tmp_path)
    assert list(found.studies) == ["one", "other", "spoilt"]
    assert "format 2 cannot be read" in str(found.studies["spoilt"])
    (claim,) = found.claims
    assert [setting.study for setting in claim.settings] == ["one", "other"]


def test_the_scale_smoke_is_listed_apart(tmp_path: Path) -> None:
    store = TrialStore(write(tmp_path, "demo-smoke"))
    store.write_study("demo-smoke", {**store.read_study("demo-smoke"), "scale": "smoke"})
    found = survey(tmp_path, {"demo-smoke": overview(tmp_path, "demo-smoke")})
    assert (found.studies, found.claims, found.smoke) == ({}, (), ("demo-smoke",))
    write(tmp_path, "demo")
    assert list(survey(tmp_path).studies) == ["demo"]


def test_a_survey_does_not_read_what_is_known(root: Path) -> None:
    known = Overview("Is it?", {}, 1, 2, Standing(), ())
    assert survey(root, {"demo": known}).studies["demo"] is known

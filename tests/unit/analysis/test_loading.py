"""What is read of a results folder: planned, unfinished, foreign and stopped trials, and logs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ogan_bench.analysis.history import load_history
from ogan_bench.analysis.loading import load_log, load_results
from ogan_bench.errors import UserError
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis.stored_study import ARMS, SEEDS, change, write_trial
from tests.unit.analysis.study_with_history import write_with_history
from tests.unit.analysis.study_with_pictures import ROW, load, trial, write


def test_every_planned_trial_has_a_row(root: Path) -> None:
    trials = load_results(root, "demo").trials
    planned = [(arm, seed) for arm in ARMS for seed in SEEDS]
    assert [*zip(trials["arm"], trials["seed"], strict=True)] == planned
    odd = trials[trials["outcome"] != "ok"].set_index(["arm", "seed"])
    assert odd["outcome"].to_dict() == {
        ("none", 4): "missing", ("mse", 2): "diverged", ("mse", 3): "failed",
    }  # fmt: skip
    assert odd.loc[("mse", 3), "reason"] == "RuntimeError: <b>out of memory</b>"
    assert odd.loc[("mse", 2), "reason"] == "loss is not finite"


def test_a_started_trial_without_result_is_unfinished(root: Path) -> None:
    (root / "demo" / "pearson" / "seed-1" / "result.json").unlink()
    trials = load_results(root, "demo").trials
    chosen = trials[(trials["arm"] == "pearson") & (trials["seed"] == 1)]
    assert chosen["outcome"].tolist() == ["unfinished"]


def test_trials_outside_the_plan_or_of_other_settings_are_named(root: Path) -> None:
    assert load_results(root, "demo").problems == ()
    write_trial(root, "none", 7, np.random.default_rng(1))
    folder = TrialFolder(root / "demo" / "none" / "seed-0")
    for name in ("run.json", "result.json"):
        folder.write(name, {**(folder.read(name) or {}), "config_hash": "f" * 16})
    results = load_results(root, "demo")
    assert [problem.split(" ")[0] for problem in results.problems] == ["none/seed-0", "none/seed-7"]
    assert len(results.trials) == 20


def test_another_format_is_refused(root: Path) -> None:
    change(TrialFolder(root / "demo" / "none" / "seed-0"), format=99)
    (problem,) = load_results(root, "demo").problems
    assert "none/seed-0/result.json: format 99" in problem


@pytest.mark.parametrize("name", ["run.json", "result.json"])
def test_a_damaged_trial_counts_as_failed_and_stops_no_other(root: Path, name: str) -> None:
    whole = load_results(root, "demo")
    path = root / "demo" / "none" / "seed-0" / name
    path.write_bytes(path.read_bytes().replace(b'"none"', b'"nine"'))
    results = load_results(root, "demo")
    trial = results.trial("none", 0)
    assert trial["outcome"] == "failed"
    assert f"{path}: damaged" in trial["reason"]
    assert results.problems == (trial["reason"],)
    others = whole.metrics[(whole.metrics["arm"] != "none") | (whole.metrics["seed"] != 0)]
    pd.testing.assert_frame_equal(results.metrics, others.reset_index(drop=True))
    assert not results.standing.complete


def test_results_of_other_settings_than_their_trial_are_not_used(root: Path) -> None:
    change(TrialFolder(root / "demo" / "none" / "seed-0"), config_hash="f" * 16)
    (problem,) = load_results(root, "demo").problems
    assert "none/seed-0: run.json and result.json are of different settings" in problem


def test_data_that_changed_between_trials_are_named(root: Path) -> None:
    for arm, known in (("none", "a"), ("pearson", "a"), ("mse", "b")):
        folder = TrialFolder(root / "demo" / arm / "seed-0")
        run = folder.read("run.json") or {}
        folder.write("run.json", {**run, "provenance": {"data_hash": known}})
    (problem,) = load_results(root, "demo").problems
    assert problem.startswith("The data changed between trials")
    assert problem.endswith("SHA-256 a: none/seed-0, pearson/seed-0; SHA-256 b: mse/seed-0")


def test_a_study_that_lacks_what_a_report_needs_is_refused(root: Path) -> None:
    TrialStore(root).write_study("demo", {"folder": "demo", "arms": {}, "seeds": []})
    with pytest.raises(
        UserError, match=r"study\.json: lacks name, .*question, .*alpha.* arms, seeds"
    ):
        load_results(root, "demo")


def test_log_has_all_trials_and_the_score_gap(root: Path) -> None:
    log = load_log(load_results(root, "demo"))
    assert log.groupby(["arm", "seed"]).size().tolist() == [20] * 19
    assert log["score_gap"].tolist() == pytest.approx([-1.0] * len(log))
    assert log.loc[log["seed"] == 1, "e_real_mean"].isna().all()


def test_rules_of_outcomes_are_applied_where_results_are_read(tmp_path: Path) -> None:
    write(tmp_path)
    folder = trial(tmp_path, "none", 0)
    result = folder.read("result.json")
    assert result is not None
    rows = [*result["metrics"], {"metric": "recall_classifier", "value": 0.0, **ROW}]
    folder.write("result.json", {**result, "metrics": rows})
    stopped = trial(tmp_path, "none", 1)
    own = stopped.read("result.json") or {}
    stopped.write("result.json", {**own, "outcome": "stopped", "reason": "budget"})
    results = load(tmp_path)
    assert [results.trial("none", seed)["outcome"] for seed in range(3)] == [
        "collapsed", "stopped", "ok",
    ]  # fmt: skip
    assert results.by_seed("none", "reconstruction_mse") == {0: 3.0, 2: 2.0}


def test_long_logs_are_thinned(tmp_path: Path) -> None:
    folder = trial(write(tmp_path), "none", 0)
    for step in range(30, 5030, 10):
        folder.log.append({"step": step, "rho": 0.5})
    log = load_log(load(tmp_path), most=50)
    own = log[(log["arm"] == "none") & (log["seed"] == 0)]["step"].tolist()
    assert (len(own), own[0], own[-1]) == (50, 10, 5020)


def test_costs_are_metrics_where_a_study_asks_for_them(tmp_path: Path) -> None:
    results = load_results(write_with_history(tmp_path), "demo")
    assert results.values("pearson", "step_flops").tolist() == [3e6, 3e6]
    assert "images_per_second" not in set(results.metrics["metric"])
    record = json.loads((tmp_path / "demo" / "study.json").read_text())
    record["metrics"].append("peak_bytes")
    TrialStore(tmp_path).write_study("demo", record)
    asked = load_results(tmp_path, "demo")
    assert not len(asked.values("none", "peak_bytes"))
    assert asked.measurements("peak_bytes", "none")[0]["note"] == "not counted on this device"


def test_an_arm_that_nothing_identifies_is_named(root: Path) -> None:
    store = TrialStore(root)
    record = store.read_study("demo")
    store.write_study("demo", {**record, "identities": {}})
    with pytest.raises(UserError, match=r"study\.json: lacks identities\.none, "):
        load_results(root, "demo")


def test_a_study_without_metrics_has_no_report(root: Path) -> None:
    store = TrialStore(root)
    store.write_study("demo", {**store.read_study("demo"), "metrics": []})
    with pytest.raises(UserError, match=r"study\.json: lacks metrics$"):
        load_results(root, "demo")


@pytest.mark.parametrize("key", ["seeds", "metrics"])
def test_what_stands_twice_in_a_study_is_refused(root: Path, key: str) -> None:
    store = TrialStore(root)
    record = store.read_study("demo")
    store.write_study("demo", {**record, key: [*record[key], record[key][0]]})
    with pytest.raises(UserError, match=rf"study\.json: {key}: .*the same value twice"):
        load_results(root, "demo")


@pytest.mark.parametrize("name", [[], "", None])
def test_a_hypothesis_without_a_name_is_refused(root: Path, name: object) -> None:
    store = TrialStore(root)
    record = store.read_study("demo")
    hypotheses = [{**record["hypotheses"][0], "id": name}]
    store.write_study("demo", {**record, "hypotheses": hypotheses})
    with pytest.raises(UserError, match=r"study\.json: hypotheses\.0\.id: "):
        load_results(root, "demo")


def test_a_trial_with_values_of_other_types_counts_as_failed(root: Path) -> None:
    folders = [TrialFolder(root / "demo" / arm / "seed-0") for arm in ("none", "pearson")]
    run = folders[0].read("run.json") or {}
    folders[0].write("run.json", {**run, "provenance": {"ogan_bench": []}})
    result = folders[1].read("result.json") or {}
    del result["metrics"]
    folders[1].write("result.json", result)
    found = load_results(root, "demo").problems
    assert [text.partition(" ")[2].partition(";")[0] for text in found] == [
        "provenance.ogan_bench: Input should be a valid string",
        "metrics: Field required",
    ]


def test_what_a_trial_stores_counts_for_no_other(root: Path, tmp_path: Path) -> None:
    """Not even where it names another arm or seed."""
    expected = load_results(root, "demo")
    folder = TrialFolder(root / "demo" / "none" / "seed-0")
    foreign = {"arm": "pearson", "seed": "none"}
    rows = (folder.read("result.json") or {})["metrics"]
    change(folder, metrics=[{**row, **foreign} for row in rows])
    found = load_results(root, "demo")
    pd.testing.assert_frame_equal(found.metrics, expected.metrics)
    curves = load_log(expected)
    folder.log.path.write_text(
        "".join(json.dumps({**line, "arm": 0, "seed": 9}) + "\n" for line in folder.log.read())
    )
    change(folder, sha256={})
    pd.testing.assert_frame_equal(load_log(found), curves)
    other = load_results(write_with_history(tmp_path / "other"), "demo")
    history = load_history(other)
    evaluated = TrialFolder(next((other.root / "demo").glob("*/seed-*/history.jsonl")).parent)
    lines = evaluated.history.read()
    evaluated.history.path.write_text(
        "".join(json.dumps({**line, **foreign, "note": "x"}) + "\n" for line in lines)
    )
    pd.testing.assert_frame_equal(load_history(other), history)

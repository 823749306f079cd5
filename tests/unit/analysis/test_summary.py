"""Summaries of the trials of an arm, and the arm that leads."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from ogan_bench.analysis import summary
from ogan_bench.analysis.loading import load_log, load_results
from ogan_bench.analysis.results import MEASURED
from ogan_bench.analysis.summary import main_metrics, summarise
from ogan_bench.analysis.verdicts import judge
from ogan_bench.errors import UserError
from tests.unit.analysis.made_up_study import ARM_SETTINGS, study
from tests.unit.analysis.stored_study import ARMS, change_rows, row_of

NAN = math.nan


def test_summary_equals_the_textbook(root: Path) -> None:
    results = load_results(root, "demo")
    values = {}
    for arm in ("none", "pearson"):
        paths = sorted((root / "demo" / arm).glob("*/result.json"))
        rows = [entry for path in paths for entry in json.loads(path.read_text())["metrics"]]
        values[arm] = [entry["value"] for entry in rows if entry["metric"] == "reconstruction_mse"]
    summary = summarise(results)
    none, pearson = (row_of(summary, "reconstruction_mse", arm) for arm in ("none", "pearson"))
    assert (none["n"], none["failed"], pearson["n"], pearson["failed"]) == (4, 1, 5, 0)
    mean = sum(values["none"]) / 4
    sd = math.sqrt(sum((value - mean) ** 2 for value in values["none"]) / 3)
    assert none["mean"] == pytest.approx(mean)
    assert none["sd"] == pytest.approx(sd)
    assert none["high"] - mean == pytest.approx(3.182446 * sd / 2, rel=1e-6)  # t(0.975; 3)
    assert math.isnan(none["difference"])
    common = values["pearson"][:4], values["none"]  # seed 4 of none is missing
    bounds = stats.ttest_rel(*common).confidence_interval(0.95)
    assert pearson["difference"] == pytest.approx(sum(common[0]) / 4 - mean)
    assert pearson["difference_low"] == pytest.approx(bounds.low)
    assert pearson["difference_high"] == pytest.approx(bounds.high)
    assert pearson["correlation"] == pytest.approx(stats.pearsonr(*common).statistic)
    assert (pearson["paired_n"], none["paired_n"]) == (4, 0)
    assert row_of(summary, "fd_classifier", "none")["floor"] == pytest.approx(2.5)
    assert row_of(summary, "modes_classifier", "pearson")["sd"] == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("extractor", "classifier-digits-2"),
        ("n_samples", 500),
        ("split", "train"),
        ("protocol", "2"),
    ],
)
def test_unlike_measurements_are_never_averaged(root: Path, key: str, value: object) -> None:
    change_rows(root, "pearson", 3, "fd_classifier", **{key: value})
    results = load_results(root, "demo")
    with pytest.raises(UserError, match=rf"fd_classifier.*{key} {value}\b.*pearson/seed-3"):
        summarise(results)
    with pytest.raises(UserError, match="fd_classifier"):
        judge(results)
    assert not summarise(results, ["reconstruction_mse"]).empty


def test_a_null_value_is_left_out_counted_and_explained(root: Path) -> None:
    change_rows(root, "pearson", 3, "fd_classifier", value=None, note="too few features")
    summary = summarise(load_results(root, "demo"), ["fd_classifier"])
    pearson = row_of(summary, "fd_classifier", "pearson")
    assert (pearson["n"], pearson["failed"], pearson["notes"]) == (4, 1, "too few features")
    assert math.isfinite(pearson["mean"])


def test_devices_may_differ(root: Path) -> None:
    results = load_results(root, "demo")
    assert results.provenance["none/seed-0"]["device.name"] == "H100"
    assert results.provenance["none/seed-1"]["device.name"] == "cpu"
    summarise(results)


def test_median_trial(root: Path) -> None:
    for seed, value in enumerate([0.05, 0.01, 0.03, 0.04, 0.02]):
        change_rows(root, "pearson", seed, "reconstruction_mse", value=value)
    trial = summary.median_trial(load_results(root, "demo"), "pearson")
    assert trial is not None
    assert trial["seed"] == 2


def test_empty_tables_keep_their_columns(root: Path) -> None:
    for arm in ARMS:
        shutil.rmtree(root / "demo" / arm)
    results = load_results(root, "demo")
    assert list(results.metrics.columns) == list(MEASURED)
    log = load_log(results)
    assert log.empty
    assert {"arm", "seed", "step", "rho", "score_gap"} <= set(log.columns)
    assert isinstance(summarise(results), pd.DataFrame)


def test_too_few_common_seeds_are_not_paired() -> None:
    of_arms = {"full": {0: 1.0, 1: 2.0}, "no_term": {1: 3.0, 2: 5.0, 3: NAN}}
    results = study(ARM_SETTINGS, {"reconstruction_mse": of_arms})
    own, other, paired = results.pairs("full", "no_term", "reconstruction_mse")
    assert not paired
    assert (own.tolist(), other.tolist()) == ([1.0, 2.0], [3.0, 5.0])
    rows = summarise(results).set_index("arm")
    assert rows.loc["no_term", "paired_n"] == 0
    assert rows["correlation"].isna().all()
    welch = stats.ttest_ind([3.0, 5.0], [1.0, 2.0], equal_var=False).confidence_interval(0.95)
    assert rows.loc["no_term", "difference_low"] == pytest.approx(welch.low)


def test_main_metrics_are_those_of_the_hypotheses_or_the_first() -> None:
    metrics: dict[str, dict[str, dict[int, float]]] = {
        name: {} for name in ("reconstruction_mse", "fd_classifier", "latent_rho", "kd_classifier")
    }
    tested: list[dict[str, Any]] = [{"metric": "latent_rho"}, {"metric": None}]
    assert main_metrics(study(ARM_SETTINGS, metrics, tested)) == ["latent_rho"]
    assert main_metrics(study(ARM_SETTINGS, metrics)) == list(metrics)[:3]

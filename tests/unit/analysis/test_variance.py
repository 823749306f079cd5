"""Variance of training and of sampling, taken apart."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.analysis.variance import variance
from ogan_bench.report.report import write_report
from ogan_bench.statistics import pooled_components
from tests.unit.analysis.study_with_pictures import ERRORS, ROW, load, trial, write


def test_variance_is_split_between_training_and_sampling(tmp_path: Path) -> None:
    write(tmp_path)
    assert variance(load(tmp_path)) == []
    tables = []
    for arm, errors in ERRORS.items():
        tables.append([[error, error + 0.02, error + 0.04] for error in errors])
        for seed, (_, second, third) in enumerate(tables[-1]):
            rows = {
                number: [{"metric": "reconstruction_mse", "value": value, **ROW},
                         {"metric": "latent_rho", "value": None, **ROW}]
                for number, value in ((1, second), (2, third))
            }  # fmt: skip
            trial(tmp_path, arm, seed).write_samplings(rows)
    expected = pooled_components(tables)
    (row,) = variance(load(tmp_path))
    assert (row["metric"], row["arm"], row["n"]) == ("reconstruction_mse", "all", 18)
    assert row["sampling_sd"] == pytest.approx(0.02)
    assert row["training_sd"] == pytest.approx(math.sqrt(expected.between))
    assert row["share"] == pytest.approx(expected.share_between)
    assert (
        "Where the variance comes from"
        in write_report(analyse_stored(tmp_path, "demo")).html.read_text()
    )

"""Best, last and mean of the last evaluations; damaged histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from ogan_bench.analysis.history import LAST, course, load_history
from ogan_bench.analysis.loading import load_results
from ogan_bench.errors import UserError
from ogan_bench.store.trial_folder import TrialFolder
from tests.unit.analysis.study_with_history import STEPS, write_with_history


def test_best_last_and_end_stand_side_by_side(tmp_path: Path) -> None:
    results = load_results(write_with_history(tmp_path), "demo")
    rows = {(row["metric"], row["arm"]): row for row in course(results, load_history(results))}
    none = rows["reconstruction_mse", "none"]
    assert none["best"] == (3.0 + 4.0) / 2
    assert none["best_step"] == (200 + 300) / 2
    assert none["last"] == (8.0 + 6.0) / 2
    assert LAST == 5
    assert none["end"] == pytest.approx((6.8 + 5.6) / 2)
    assert none["end_sd"] == pytest.approx((1.30384 + 0.894427) / 2, rel=1e-5)
    assert (none["n"], none["on"]) == (2, "test")
    pearson = rows["reconstruction_mse", "pearson"]
    assert pearson["best"] == pearson["last"] == 2.5
    assert pearson["best_step"] == 700
    assert rows["latent_rho", "none"]["best"] == pytest.approx((1 / 3 + 1 / 4) / 2)  # higher
    assert {metric for metric, _ in rows} == {"reconstruction_mse", "latent_rho"}


def test_a_damaged_history_is_named_and_a_line_cut_off_is_not_missed(tmp_path: Path) -> None:
    results = load_results(write_with_history(tmp_path), "demo")
    journal = TrialFolder(tmp_path / "demo" / "none" / "seed-1").history
    with journal.path.open("ab") as file:
        file.write(b'{"step": 800, "metr')
    assert len(load_history(results)) == 4 * len(STEPS)
    with journal.path.open("ab") as file:
        file.write(b"\n")
    with pytest.raises(UserError, match=r"demo/none/seed-1/history\.jsonl: damaged"):
        load_history(results)

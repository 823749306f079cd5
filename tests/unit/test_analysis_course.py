"""Best, last and mean of the last evaluations; cost as multiples of the control's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ogan_bench.analysis.history import LAST, course, load_history
from ogan_bench.analysis.summary import load_results
from ogan_bench.analysis.tables import cost
from ogan_bench.errors import UserError
from ogan_bench.report.report import write_report
from ogan_bench.store.trial_store import TrialFolder, TrialStore
from ogan_bench.study.trial import config_hash

ERRORS = {
    ("none", 0): [9.0, 3.0, 5.0, 6.0, 7.0, 8.0, 8.0],
    ("none", 1): [9.0, 8.0, 4.0, 6.0, 6.0, 6.0, 6.0],
    ("pearson", 0): [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0],
    ("pearson", 1): [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0],
}
STEPS = tuple(range(100, 800, 100))


def write(root: Path, *, counted: bool = True, history: bool = True) -> Path:
    arms = ("none", "pearson")
    settings: dict[str, dict[str, Any]] = {arm: {"data": {}, "arm": arm} for arm in arms}
    TrialStore(root).write_study(
        "demo",
        {
            "format": 1, "name": "demo", "scale": None, "folder": "demo", "question": "?",
            "source": "", "alpha": 0.05, "seeds": [0, 1], "hypotheses": [], "arms": settings,
            "metrics": ["reconstruction_mse", "latent_rho", "gradient_cosine_output", "step_flops"],
            "command": "", "study_file_sha256": "0" * 64,
        },
    )  # fmt: skip
    for (arm, seed), errors in ERRORS.items():
        folder = TrialFolder(root / "demo" / arm / f"seed-{seed}")
        identity = {"format": 1, "study": "demo", "arm": arm, "seed": seed}
        identity["config_hash"] = config_hash({**settings[arm], "seed": seed})
        folder.write("run.json", {**identity, "config": settings[arm], "provenance": {}})
        for step, error in zip(STEPS, errors, strict=True):
            folder.log.append({"step": step, "rho": 0.1})
            if history:
                values = {"reconstruction_mse": error, "latent_rho": 1 / error,
                          "gradient_cosine_output": None if arm == "none" else 0.0}  # fmt: skip
                folder.history.append(
                    {"step": step, "images": 64 * step, "seconds": step / 100, "on": "test",
                     "metrics": values}
                )  # fmt: skip
        costs = {"step_flops": 2e6 if arm == "none" else 3e6, "activation_bytes": 100,
                 "peak_bytes": None}  # fmt: skip
        rows = [
            {"metric": "reconstruction_mse", "value": errors[-1], "n_samples": 9, "split": "test"}
        ]
        folder.write(
            "result.json",
            {**identity, "outcome": "ok", "metrics": rows,
             "training": {"steps": 700, "seconds": 7.0,
                          "images_per_second": 300.0 if arm == "none" else 200.0,
                          **(costs if counted else {})}},
        )  # fmt: skip
    return root


def test_best_last_and_end_stand_side_by_side(tmp_path: Path) -> None:
    results = load_results(write(tmp_path), "demo")
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


def test_the_report_shows_the_course_and_its_curves(tmp_path: Path) -> None:
    report = write_report(write(tmp_path), "demo")
    text, page = report.markdown.read_text(), report.html.read_text()
    assert "## In the course of training" in text
    assert "| reconstruction MSE | none | 2 | test | 3.5 | 250 | 7 | 6.2 | 1.1 |" in text
    assert "Learning curves" in page
    drawn = {path.stem for path in (tmp_path / "demo" / "figures").glob("[cm]*-*.svg")}
    assert drawn == {
        "course-reconstruction_mse", "course-latent_rho", "mechanism-gradient_cosine_output",
        "curve-rho",
    }  # fmt: skip


def test_without_a_history_and_without_counts_nothing_is_shown(tmp_path: Path) -> None:
    report = write_report(write(tmp_path, counted=False, history=False), "demo")
    text = report.markdown.read_text()
    assert "In the course of training" not in text
    assert "As multiples of" not in text


def test_a_damaged_history_is_named_and_a_line_cut_off_is_not_missed(tmp_path: Path) -> None:
    results = load_results(write(tmp_path), "demo")
    journal = TrialFolder(tmp_path / "demo" / "none" / "seed-1").history
    with journal.path.open("ab") as file:
        file.write(b'{"step": 800, "metr')
    assert len(load_history(results)) == 4 * len(STEPS)
    with journal.path.open("ab") as file:
        file.write(b"\n")
    with pytest.raises(UserError, match=r"demo/none/seed-1: damaged history"):
        load_history(results)


def test_costs_are_multiples_of_the_control(tmp_path: Path) -> None:
    results = load_results(write(tmp_path), "demo")
    none, pearson = cost(results)
    assert none["times"]["step_flops"] == none["times"]["images_per_second"] == 1
    assert pearson["times"]["images_per_second"] == 1.5  # the time of a step, not the speed
    assert pearson["times"]["step_flops"] == 1.5
    assert pearson["times"]["activation_bytes"] == 1
    assert pearson["times"]["peak_bytes"] != pearson["times"]["peak_bytes"]
    text = write_report(tmp_path, "demo").markdown.read_text()
    assert "| pearson | 1.50 | 1.50 | 1.00 | – |" in text


def test_costs_are_metrics_where_a_study_asks_for_them(tmp_path: Path) -> None:
    results = load_results(write(tmp_path), "demo")
    assert results.values("pearson", "step_flops").tolist() == [3e6, 3e6]
    assert "images_per_second" not in set(results.metrics["metric"])
    record = json.loads((tmp_path / "demo" / "study.json").read_text())
    record["metrics"].append("peak_bytes")
    TrialStore(tmp_path).write_study("demo", record)
    asked = load_results(tmp_path, "demo")
    assert not len(asked.values("none", "peak_bytes"))
    assert asked.measurements("peak_bytes", "none")[0]["note"] == "not counted on this device"

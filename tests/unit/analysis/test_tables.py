"""Tables of a report: health, commands and costs of the arms."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.analysis.loading import load_log, load_results
from ogan_bench.analysis.tables import (
    columns,
    control_text,
    cost,
    definitions,
    health,
)
from ogan_bench.metrics import METRICS
from ogan_bench.report.report import write_report
from tests.unit.analysis.made_up_study import ARM_SETTINGS, study
from tests.unit.analysis.study_with_history import write_with_history
from tests.unit.analysis.study_with_pictures import ROW, load, trial, write


def test_health_has_outcomes_and_last_logged_values(tmp_path: Path) -> None:
    trial(write(tmp_path), "none", 1).path.joinpath("result.json").unlink()
    results = load(tmp_path)
    none, pearson = health(results, load_log(results))
    assert (none["ok"], none["unfinished"], pearson["ok"]) == (2, 1, 3)
    assert none["ρ"] == "0.3"  # 0.2 at the end, and a tenth for each seed
    assert (none["images/s"], pearson["images/s"]) == ("1,001", "1,001")


def test_a_definition_says_that_its_values_are_of_an_earlier_protocol(tmp_path: Path) -> None:
    """A metric keeps its name; what is said of it must be true of the numbers beside it."""
    results = load(write(tmp_path))
    (name,) = set(results.metrics["metric"])
    assert definitions(results)[name] == METRICS[name]
    older = dataclasses.replace(results, metrics=results.metrics.assign(protocol="0"))
    said = definitions(older)[name].definition
    assert said.startswith(METRICS[name].definition)
    assert said.endswith("protocol 1; the values here are of protocol 0, an earlier computation.")


def test_costs_are_multiples_of_the_control(tmp_path: Path) -> None:
    results = load_results(write_with_history(tmp_path), "demo")
    none, pearson = cost(results)
    assert none["times"]["step_flops"] == none["times"]["images_per_second"] == 1
    assert pearson["times"]["images_per_second"] == 1.5  # the time of a step, not the speed
    assert pearson["times"]["step_flops"] == 1.5
    assert pearson["times"]["activation_bytes"] == 1
    assert pearson["times"]["peak_bytes"] != pearson["times"]["peak_bytes"]
    text = write_report(analyse_stored(tmp_path, "demo")).markdown.read_text()
    assert "| pearson | 1.50 | 1.50 | 1.00 | – |" in text


def test_a_table_has_at_most_seven_metrics_those_of_hypotheses_first() -> None:
    names = [f"metric_{index}" for index in range(16)]
    tested: list[dict[str, Any]] = [{"metric": name} for name in ("metric_12", None, "metric_3")]
    of_study = study(ARM_SETTINGS, {name: {} for name in names}, tested)
    main, *others = columns(of_study)
    assert main == ["metric_3", "metric_12", *names[:3], *names[4:6]]
    assert [len(table) for table in others] == [7, 2]
    assert sorted([*main, *others[0], *others[1]]) == sorted(names)
    assert columns(study(ARM_SETTINGS, {"a": {}})) == [["a"]]


def test_what_was_measured_beside_the_studys_metrics_has_tables_of_its_own(tmp_path: Path) -> None:
    """As `ogan-bench evaluate --groups` adds it, to some trials or to all."""
    folder = trial(write(tmp_path), "none", 0)
    result = folder.read("result.json") or {}
    rows = [("latent_rho", 0.4321), ("fd_classifier", None), ("kd_classifier", 0.5678)]
    result["metrics"] += [{**ROW, "metric": name, "value": value} for name, value in rows]
    folder.write("result.json", result)
    assert columns(load(tmp_path)) == [["reconstruction_mse"], ["latent_rho", "kd_classifier"]]
    text = write_report(analyse_stored(tmp_path, "demo")).markdown.read_text()
    main, appendix = text.split("## All metrics")
    assert "0.432" not in main
    assert "0.432" in appendix.split("## Metrics")[0]


def test_the_rule_for_the_control_is_stated() -> None:
    named = study(ARM_SETTINGS, {}, [{"control": "heavy"}])
    assert control_text(named).endswith("is heavy, the control that most hypotheses name.")
    assert control_text(study(ARM_SETTINGS, {})).endswith("is full, the first arm.")

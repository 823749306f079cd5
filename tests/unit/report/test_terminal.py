"""The result of a study on a terminal: arms as rows, in tables that fit."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.analysis.analyse import analyse
from ogan_bench.report.terminal import result_text
from tests.unit.analysis.study_with_many import METRICS, many_arms


def test_arms_are_rows_of_tables_that_fit_on_a_terminal(tmp_path: Path) -> None:
    analysis = analyse(many_arms(tmp_path))
    text = result_text(analysis)
    assert max(map(len, text.splitlines())) <= 100
    answer, *tables = text.partition("\n\nMeans")[0].split("\n\n")
    assert " ".join(answer.split()) == analysis.answer.sentence
    assert len(tables) > 1
    for table in tables:
        header, *lines = table.splitlines()
        assert "↓" in header or "↑" in header
        assert [line.split()[0] for line in lines] == analysis.results.arms
    shown = "".join(table.splitlines()[0] for table in tables)
    for name in (cell["metric"] for cell in analysis.rows[0]["cells"]):
        assert analysis.metrics[name].title in shown
    assert f"\n{len(METRICS) - 7} more metrics in the report." in text


def test_a_metric_too_wide_for_the_terminal_has_a_table_of_its_own(tmp_path: Path) -> None:
    results = many_arms(tmp_path)
    results.record["arm_titles"] = {"arm_1": "x" * 120}
    _, *tables = result_text(analyse(results)).partition("\n\nMeans")[0].split("\n\n")
    assert len(tables) == 7

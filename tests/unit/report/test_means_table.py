"""Arms as rows or as columns, with the same cells."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.analysis.analyse import analyse
from ogan_bench.report.means_table import Heading, means_table
from ogan_bench.report.report import write_report
from tests.unit.analysis.study_with_many import ARMS, many_arms
from tests.unit.analysis.study_with_pictures import load, write


def test_a_transposed_table_has_the_same_cells(tmp_path: Path) -> None:
    analysis = analyse(many_arms(tmp_path))
    upright = means_table(analysis.results, analysis.rows)
    turned = means_table(analysis.results, analysis.rows, transpose=True)
    assert (upright.kind, turned.kind) == ("arm", "metric")
    assert turned.columns == upright.rows
    assert turned.rows == upright.columns
    assert [heading.title for heading in turned.columns] == ARMS
    for index, (_, cells) in enumerate(turned.lines):
        assert list(cells) == [row[index] for row in upright.cells]


def test_headings_name_the_control_and_the_better_direction(tmp_path: Path) -> None:
    analysis = analyse(load(write(tmp_path)))
    table = means_table(analysis.results, analysis.rows)
    assert table.rows == [Heading("none", "control"), Heading("pea_rson")]
    assert table.columns == [Heading("reconstruction MSE", "lower is better", "lower")]


def test_every_format_turns_its_table_of_means(tmp_path: Path) -> None:
    analysis = analyse(load(write(tmp_path)))
    written = write_report(
        analysis, formats=("html", "md", "csv", "latex", "latex-column"), transpose=True
    )
    page = written.html.read_text()
    assert '<th scope="row"><span class="metric">reconstruction MSE</span>' in page
    assert 'class="tools"' not in page  # they filter rows by arm
    assert "\n| reconstruction MSE ↓ | 2.0" in written.markdown.read_text()
    assert "\nreconstruction MSE ↓  2.0" in written.text
    for kind in ("latex", "latex-column"):
        assert "\nmetric & {\\scriptsize none} &" in written.files[kind].read_text()
    before = written.table.read_bytes()
    assert write_report(analysis).table.read_bytes() == before  # one row per metric and arm

"""Several reports made at once equal single ones."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.report.parallel import write_reports
from ogan_bench.report.report import write_index, write_report
from tests.unit.analysis.study_with_pictures import write


def test_several_reports_equal_single_ones(tmp_path: Path) -> None:
    names = [f"study_{i}" for i in range(5)]
    for name in names:
        write(tmp_path, name)
    single = {}
    for name in names:
        report = write_report(analyse_stored(tmp_path, name))
        single[name] = {path: path.read_bytes() for path in report.files.values()}
    index = write_index(tmp_path).read_bytes()
    reports = list(write_reports(tmp_path, names, None, ("html", "md", "csv"), "main", ("svg",)))
    assert [report.html.parent.name for report in reports] == names
    for report in reports:
        files = {path: path.read_bytes() for path in report.files.values()}
        assert files == single[report.html.parent.name]
    assert (tmp_path / "index.html").read_bytes() == index

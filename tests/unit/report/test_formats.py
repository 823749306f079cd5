"""Formats of a report: which are written, and that they need no torch."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.report.report import FORMATS, write_report
from tests.unit.analysis.study_with_pictures import trial, write


def test_all_formats_are_written_and_the_same_again(tmp_path: Path) -> None:
    write(tmp_path)

    def files() -> dict[str, bytes]:
        report = write_report(
            analyse_stored(tmp_path, "demo"), formats=FORMATS, figure_formats=("png", "svg", "pdf")
        )
        assert tuple(report.files) == FORMATS
        paths = [*report.files.values(), *(tmp_path / "demo" / "figures").iterdir()]
        return {path.name: path.read_bytes() for path in paths}

    first = files()
    assert first == files()
    assert {"forest.svg", "forest.png", "forest.pdf"} <= set(first)
    assert "(figures/forest.png)" in first["report.md"].decode()


def test_only_what_is_asked_for_is_written(tmp_path: Path) -> None:
    report = write_report(analyse_stored(write(tmp_path), "demo"), formats=("json",))
    assert list(report.files) == ["json"]
    assert not list((tmp_path / "demo").glob("report.[hm]*"))


def test_json_holds_the_numbers_and_nulls(tmp_path: Path) -> None:
    write(tmp_path)
    trial(tmp_path, "none", 2).path.joinpath("result.json").unlink()
    analysis = analyse_stored(tmp_path, "demo")
    report = write_report(analysis, formats=FORMATS)
    text = report.files["json"].read_text()
    stored = json.loads(text, parse_constant=pytest.fail)
    assert (stored["study"], stored["control"]) == ("demo", "none")
    verdict = stored["verdicts"][0]
    assert verdict["decision"] == analysis.verdicts[0].decision
    assert verdict["finding"]["estimate"]["low"] == analysis.verdicts[0].finding.estimate.low
    assert "chance" not in verdict["finding"]
    with report.table.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["mean"] for row in stored["summary"]] == [float(row["mean"]) for row in rows]
    assert stored["summary"][0]["difference"] is None
    assert stored["standing"] == {
        "text": "preliminary; not registered", "registered": None, "deviations": [],
        "complete": False,
    }  # fmt: skip
    assert {row["outcome"] for row in stored["trials"]} == {"ok", "unfinished"}
    assert stored["ablation"]["rows"][0]["changes"] == ["objective.consistency: none → pea_rson"]


def test_reports_need_no_torch(tmp_path: Path) -> None:
    write(tmp_path)
    code = (
        "import sys, pathlib; from ogan_bench.report.report import write_report; "
        "from ogan_bench.analysis.analyse import analyse_stored;"
        f"write_report(analyse_stored(pathlib.Path({str(tmp_path)!r}), 'demo'));"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""What a report shows of evaluations during training."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.report.report import write_report
from tests.unit.analysis.study_with_history import write_with_history


def test_the_report_shows_the_course_and_its_curves(tmp_path: Path) -> None:
    report = write_report(analyse_stored(write_with_history(tmp_path), "demo"), figures="all")
    text, page = report.markdown.read_text(), report.html.read_text()
    assert "## Evaluations during training" in text
    assert "| reconstruction MSE | none | 2 | test | 3.5 | 250 | 7 | 6.2 | 1.1 |" in text
    assert "Training curves" in page
    drawn = {path.stem for path in (tmp_path / "demo" / "figures").glob("[cm]*-*.svg")}
    assert drawn == {
        "course-reconstruction_mse", "course-latent_rho", "mechanism-gradient_cosine_output",
        "curve-rho",
    }  # fmt: skip


def test_without_a_history_and_without_counts_nothing_is_shown(tmp_path: Path) -> None:
    report = write_report(
        analyse_stored(write_with_history(tmp_path, counted=False, history=False), "demo")
    )
    text = report.markdown.read_text()
    assert "Evaluations during training" not in text
    assert "As multiples of" not in text

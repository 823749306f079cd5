"""Markdown pages of claims."""

from __future__ import annotations

from pathlib import Path

from ogan_bench.report.claim_pages import write_claim_pages
from tests.unit.analysis.test_meta_analysis import claim, setting


def test_a_page_has_the_answer_each_verdict_and_what_would_change_it(tmp_path: Path) -> None:
    report = tmp_path / "results" / "demo" / "report.md"
    report.parent.mkdir(parents=True)
    report.touch()
    found = claim(setting(), setting(study="other", decision="refuted", reason="a|b [c]"))
    folder = tmp_path / "pages"
    (path,) = write_claim_pages(tmp_path / "results", [found], folder)
    page = path.read_text("utf-8")
    assert page.startswith(
        "# It works.\n\nIt holds in some settings and fails in others. Supported:"
    )
    assert (
        "- [demo](../results/demo/report.md) on digits at 16, registered: c\n  p = 0.01. n = 5"
        in page
    )
    assert (
        "## Refuted\n\n- other on digits at 16, registered: c\n  a\\|b \\[c\\]. n = 5 (h)" in page
    )
    assert "## What would change it\n\n- Other data: all settings are on digits at 16.\n" in page

"""The page of a running study: names as text, its share of the time, and the real report."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from ogan_bench.files import fingerprint
from ogan_bench.report.live.page import Page, make_report
from ogan_bench.store.trial_store import TrialStore
from tests.unit.report.live.planned_study import Maker, plan, trial

ROOT = Path(__file__).parents[4]
HOSTILE = "<script>alert(1)</script>"


def test_names_are_shown_as_text(tmp_path: Path, maker: Maker) -> None:
    plan(tmp_path, arms=("<img src=x onerror=alert(1)>",))
    maker.problem = ValueError(HOSTILE)
    page = Page(TrialStore(tmp_path), "study", maker)
    page.html()
    page.close()
    html = page.html()[0].decode()
    assert "<img" not in html
    assert HOSTILE not in html
    assert "ValueError: &lt;script&gt;" in html


def test_making_reports_takes_no_more_than_its_share(tmp_path: Path, maker: Maker) -> None:
    """Half of the time: after one that took t nothing is made for t."""
    plan(tmp_path)
    took = 0.2

    def slow(root: Path, study: str) -> bytes:
        time.sleep(took)
        return maker(root, study)

    page = Page(TrialStore(tmp_path), "study", slow, share=0.5)
    started = time.monotonic()
    while maker.made < 3:
        trial(tmp_path, f"none/seed-{maker.made}")
        (tmp_path / "study" / "study.json").touch()
        page.html()
        time.sleep(0.005)
    assert time.monotonic() - started >= 5 * took


def test_the_real_report_is_made_elsewhere_and_is_the_same(tmp_path: Path) -> None:
    """The results folder stays as it is: a run may be writing its own report there."""
    from ogan_bench.analysis.analyse import analyse_stored
    from ogan_bench.report.report import write_report

    name = "training_cost"
    shutil.copytree(ROOT / "results" / "reference" / name, tmp_path / name)
    shutil.rmtree(tmp_path / name / "figures", ignore_errors=True)
    before = fingerprint(sorted(tmp_path.rglob("*")))
    made = make_report(tmp_path, name)
    assert fingerprint(sorted(tmp_path.rglob("*"))) == before
    assert made == write_report(analyse_stored(tmp_path, name)).html.read_bytes()
    page = Page(TrialStore(tmp_path), name)
    page.html()
    page.close()
    assert page.html()[0].count(b'<section id="live"') == 1


def test_a_report_without_any_trial_can_be_made(tmp_path: Path) -> None:
    stored = json.loads((ROOT / "results/reference/training_cost/study.json").read_text())
    TrialStore(tmp_path).write_study("training_cost", stored)
    assert b"<main" in make_report(tmp_path, "training_cost")

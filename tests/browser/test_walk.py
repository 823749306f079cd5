"""The student's way: from the list of studies to an answer, its reasons, and how to repeat it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

REFERENCE = Path(__file__).parent.parent.parent / "results" / "reference"
STUDY = "best_against_best"

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two published studies, reported by the command that a user gives."""
    root = tmp_path_factory.mktemp("results")
    for name in (STUDY, "sharing"):
        shutil.copytree(REFERENCE / name, root / name)
    command = [sys.executable, "-m", "ogan_bench", "report", "--results", str(root)]
    subprocess.run(command, check=True, capture_output=True)
    return root


def test_from_the_list_to_the_answer_and_its_reasons(results: Path, visit: Visit) -> None:
    page = visit(results / "index.html", watched=False)
    row = page.locator("tr", has_text="Each at its best weight, does the Pearson correlation")
    expect(row).to_contain_text("4 refuted")
    page.locator(f"a[href*='{STUDY}']").first.click()
    expect(page).to_have_url(re.compile(f"{STUDY}/report.html$"))

    question = page.get_by_text("Each at its best weight, does the Pearson correlation").first
    expect(question).to_be_in_viewport()
    answer = page.get_by_text("On digits at 16, with 10 seeds an arm, 4 of 5 claims fail").first
    expect(answer).to_be_in_viewport(ratio=1)

    verdict = page.locator(".verdict").first
    verdict.scroll_into_view_if_needed()
    expect(verdict).to_contain_text("refuted", ignore_case=True)
    expect(verdict).to_contain_text(re.compile("FD .classifier."))

    page.locator("nav a", has_text="Reproduce").click()
    expect(page.get_by_text(f"ogan-bench run studies/{STUDY}.yaml").first).to_be_in_viewport()


def test_pictures_say_what_they_show(results: Path, visit: Visit) -> None:
    page = visit(results / STUDY / "report.html", watched=False)
    pictures = page.locator("figure img")
    assert pictures.count() > 5
    loaded = "all => all.every((one) => one.complete && one.naturalWidth > 0)"
    assert pictures.evaluate_all(loaded)
    assert all(pictures.nth(i).get_attribute("alt") for i in range(pictures.count()))

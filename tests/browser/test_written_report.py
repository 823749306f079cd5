"""Reports written from a results folder whose every name and note is hostile, in a browser."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.analysis.degenerate import Degenerate
from ogan_bench.analysis.registration import Standing
from ogan_bench.files import write_bytes
from ogan_bench.report.rendering import templates
from ogan_bench.report.report import write_index, write_report
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore

pytestmark = pytest.mark.browser

Visit = Callable[..., Page]
SCRIPT = "<script>document.title = 'taken'</script>"
IMAGE = '"><img src=x onerror="document.title = \'taken\'">'
EXPRESSION = "{{7*7}} ${7*7} &lt;b&gt;"
DRAWING = "<svg onload=\"document.title = 'taken'\">"  # without a slash: a folder is named so
ARMS = ("none", "pearson", DRAWING, IMAGE, EXPRESSION)
SEEDS = (0, 1, 2)
METRICS = ("reconstruction_mse", "fd_classifier")


def write_trial(folder: TrialFolder, arm: int, seed: int) -> None:
    """A finished trial; the last arm's second metric has no value."""
    rng = np.random.default_rng([arm, seed])
    identity = {
        "format": 1, "study": "demo", "arm": ARMS[arm], "seed": seed, "config_hash": "0" * 16,
    }  # fmt: skip
    folder.write("run.json", {**identity, "provenance": {"device": IMAGE, "torch": SCRIPT}})
    rows = [
        {"metric": metric, "value": None if arm == 4 and index else float(arm + rng.random()),
         "n_samples": 2000, "extractor": SCRIPT, "split": "test", "protocol": "1", "floor": 0.1,
         "note": IMAGE}
        for index, metric in enumerate(METRICS)
    ]  # fmt: skip
    training = {"steps": 20, "seconds": 2.0, "images_per_second": 640.0, "parameters": {}}
    result = {"outcome": "ok", "reason": None, "metrics": rows, "training": training}
    folder.write("result.json", {**identity, **result, "evaluation_seconds": 1.0})
    for step in range(20):
        folder.log.append({"step": step, "score_real": 0.1, "score_fake": 0.2, "rho": step / 20})
    picture = io.BytesIO()
    Image.fromarray(rng.integers(256, size=(32, 32), dtype=np.uint8)).save(picture, "png")
    write_bytes(folder.path / "samples.png", picture.getvalue())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with one study; a trial has failed and another is missing."""
    root = tmp_path_factory.mktemp("results")
    hypothesis = {
        "test": "superiority", "metric": METRICS[0], "arm": "pearson", "control": "none",
        "margin": None,
    }  # fmt: skip
    record = {
        "format": 1, "name": SCRIPT, "folder": "demo", "scale": IMAGE,
        "question": f"Is {SCRIPT} shown?", "source": IMAGE, "alpha": 0.05,
        "seeds": list(SEEDS), "metrics": list(METRICS),
        "hypotheses": [{"id": "a", "claim": SCRIPT, **hypothesis},
                       {"id": "b", "claim": IMAGE, **hypothesis}],
        "arms": {arm: {"objective": {"consistency": {"name": arm}}} for arm in ARMS},
        "command": f"ogan-bench run {SCRIPT}", "study_file_sha256": "0" * 64,
    }  # fmt: skip
    TrialStore(root).write_study("demo", record)
    for arm in range(len(ARMS)):
        for seed in SEEDS:
            folder = TrialFolder(root / "demo" / ARMS[arm] / f"seed-{seed}")
            if (arm, seed) == (2, 2):
                continue
            write_trial(folder, arm, seed)
            if (arm, seed) == (3, 2):
                (folder.path / "result.json").unlink()
                folder.error.write_text(f"Traceback\nRuntimeError: {SCRIPT}\n")
    write_report(analyse_stored(root, "demo"))
    write_index(root)
    return root


def test_every_image_is_loaded_and_follows_the_scheme(results: Path, visit: Visit) -> None:
    for scheme, is_dark in (("light", False), ("dark", True)):
        page = visit(results / "demo" / "report.html", color_scheme=scheme)
        images = page.locator("img")
        assert images.count() > 10
        assert min(images.evaluate_all("all => all.map((image) => image.naturalWidth)")) > 0
        chart = Image.open(io.BytesIO(page.locator(".chart img").screenshot())).convert("L")
        assert (chart.getpixel((3, 3)) < 128) == is_dark  # type: ignore[operator]
        assert (chart.getpixel((chart.width // 2, 12)) < 128) == is_dark  # type: ignore[operator]


def test_hostile_names_are_shown_as_text(results: Path, visit: Visit) -> None:
    page = visit(results / "demo" / "report.html")
    assert page.title() == "demo: ogan_bench report"
    assert page.locator(".main .arm").all_text_contents() == list(ARMS)
    assert page.locator("h1").text_content() == f"Is {SCRIPT} shown?"
    assert page.locator(".verdict h3").all_text_contents() == [SCRIPT, IMAGE]
    assert page.locator("main script, img:not([src^='data:'])").count() == 0
    notice = page.locator(".notice").first
    expect(notice).to_contain_text(f"{DRAWING}/seed-2 (missing)")
    expect(notice).to_contain_text(f"{IMAGE}/seed-2 (failed)")
    expect(page.locator("#trials")).to_contain_text(f"RuntimeError: {SCRIPT}")
    expect(page.locator("#provenance")).to_contain_text(IMAGE)


MARKS = get_args(Degenerate)
"""How lines of a cell begin that count degenerate values instead of giving numbers."""


def test_numbers_on_the_page_are_those_of_the_json_and_of_the_table(
    results: Path, visit: Visit
) -> None:
    page = visit(results / "demo" / "report.html")
    summary = json.loads(page.locator("#summary").text_content() or "")
    with (results / "demo" / "table.csv").open(encoding="utf-8") as file:
        stored = {(row["arm"], row["metric"]): row for row in csv.DictReader(file)}
    assert len(summary) == len(stored) == len(ARMS) * len(METRICS)
    assert len({row["mean"] for row in summary}) == len(summary)  # one of them is missing
    cells = page.locator(".main tbody td").evaluate_all("all => all.map((one) => one.innerText)")
    keys = page.locator(".main tbody td").evaluate_all("all => all.map((o) => o.dataset.value)")
    shown = dict(
        zip([(arm, name) for arm in ARMS for name in METRICS], zip(cells, keys, strict=True),
            strict=True)
    )  # fmt: skip
    for row in summary:
        place = row["arm"], row["metric"]
        for key in ("mean", "sd", "low", "high", "difference", "difference_low", "n", "failed"):
            assert row[key] == (float(stored[place][key]) if stored[place][key] else None)
        marked, value = shown[place]
        text = "\n".join(line for line in marked.split("\n") if not line.startswith(MARKS))
        if row["mean"] is None:
            assert (text.split("\n")[0], value) == ("–", "")
            continue
        assert float(value) == row["mean"]
        assert_rounded(text, [row["mean"], row["low"], row["high"]])


def assert_rounded(text: str, numbers: list[Any]) -> None:
    """The text has these numbers, one after another, each rounded correctly."""
    for sign in "[],":
        text = text.replace(sign, " ")
    written = [Decimal(word.replace("−", "-")) for word in text.split() if word[-1].isdigit()]
    for found, number in zip(written[:3], numbers, strict=True):
        exponent = found.as_tuple().exponent
        assert isinstance(exponent, int)
        assert math.isclose(float(found), number, rel_tol=0, abs_tol=0.5001 * 10.0**exponent)


def test_sorting_a_written_report(results: Path, visit: Visit) -> None:
    page = visit(results / "demo" / "report.html")
    heading = page.locator(".main thead th").nth(2)
    for _ in range(2):
        heading.get_by_role("button").click()
        names = page.locator(".main .arm").all_text_contents()
        assert names[-1] == EXPRESSION  # has no value
    assert names[:-1] == list(ARMS[-2::-1])


def test_index(results: Path, visit: Visit) -> None:
    page = visit(results / "index.html")
    row = page.get_by_role("row").nth(1)
    expect(row).to_contain_text(f"Is {SCRIPT} shown?")
    expect(row).to_contain_text("13 of 15")
    assert page.get_by_role("link", name="demo").get_attribute("href") == "demo/report.html"


def test_index_sorts_and_shows_claims_across_settings(
    context: dict[str, Any], visit: Visit, tmp_path: Path
) -> None:
    counts = {"supported": 1, "refuted": 0, "inconclusive": 0}
    studies = [
        {"name": name, "page": False, "question": SCRIPT, "counts": counts, "finished": done,
         "planned": 30, "standing": Standing(None, (SCRIPT,))}
        for name, done in (("study_10", 9), (IMAGE, 30), ("study_9", 10))
    ]  # fmt: skip
    studies.insert(1, {"name": "broken", "page": False, "error": SCRIPT})
    claims = [
        {"id": "works", "claim": IMAGE, "summary": SCRIPT,
         "picture": context["pictures"]["forest"],
         "rows": [{"study": name, "standing": SCRIPT, "hypothesis": "h", "dataset": IMAGE,
                   "decision": "refuted", "rests_on": IMAGE, "factor": factor}
                  for name, factor in ((SCRIPT, "1.5"), ("b", "–"), ("c", "0.25"))]},
    ]  # fmt: skip
    path = tmp_path / "index.html"
    page_text = (
        templates().get_template("index.html.j2").render(studies=studies, claims=claims, smoke=[])
    )
    path.write_text(page_text, encoding="utf-8")
    for width in (360, 1280):
        page = visit(path, width)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    listed, across = page.locator("main > .scroll table"), page.locator("#claims table").first
    listed.get_by_role("button", name="study").click()
    assert names(listed) == [IMAGE, "broken", "study_9", "study_10"]
    listed.get_by_role("button", name="trials").click()
    assert names(listed) == ["study_10", "study_9", IMAGE, "broken"]
    across.get_by_role("button", name="ratio to control").click()
    assert names(across) == ["c", SCRIPT, "b"]
    across.get_by_role("button", name="ratio to control").click()
    assert names(across) == [SCRIPT, "c", "b"]
    expect(page.locator("#claims [role=status]").first).to_have_text(
        "sorted by ratio to control (above 1 is better), descending"
    )
    assert page.locator("#claims img").count() == 1


def names(table: Any) -> list[str]:
    """The first cells of a table's rows."""
    return list(table.locator("tbody th").all_text_contents())

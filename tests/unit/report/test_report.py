"""Written reports: the same bytes again, self-contained pages, incomplete studies, the index."""

from __future__ import annotations

import ast
import base64
import csv
import html.parser
import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ogan_bench import report
from ogan_bench.analysis.analyse import analyse_stored
from ogan_bench.analysis.verdicts import DECISIONS
from ogan_bench.report.latex import latex
from ogan_bench.report.report import write_index, write_report
from ogan_bench.report.terminal import result_text
from ogan_bench.store.trial_folder import TrialFolder
from ogan_bench.store.trial_store import TrialStore
from tests.unit.analysis import study_with_pictures
from tests.unit.analysis.stored_study import ARMS, change, row


class Page(html.parser.HTMLParser):
    """What a browser would load or run, and the cells of the main table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts.append(data)

    def attributes(self, *names: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags for name in names if name in attrs]


def test_report_is_the_same_bytes_again_and_elsewhere(root: Path, tmp_path: Path) -> None:
    def files(folder: Path) -> dict[str, bytes]:
        paths = [*folder.glob("*.*"), *(folder / "figures").iterdir()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}

    write_report(analyse_stored(root, "demo"))
    first = files(root / "demo")
    write_report(analyse_stored(root, "demo"))
    assert files(root / "demo") == first
    other = shutil.copytree(root, tmp_path / "elsewhere")
    write_report(analyse_stored(other, "demo"))
    assert files(other / "demo") == first
    assert {"report.html", "report.md", "table.csv", "figures/forest.svg"} <= set(first)
    assert not [name for name, content in first.items() if str(tmp_path).encode() in content]


def test_page_is_self_contained_and_escaped(root: Path) -> None:
    text = write_report(analyse_stored(root, "demo")).html.read_text()
    page = Page(text)
    assert not [uri for uri in page.attributes("src") if not uri.startswith("data:image/")]
    assert not [link for link in page.attributes("href") if not link.startswith("#")]
    assert page.attributes("srcset", "action", "data") == []
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest", text)
    assert "alert(1)" not in "".join(page.scripts[-1:])
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<b>out of memory" not in text
    assert [attrs["alt"] for tag, attrs in page.tags if tag == "img" and not attrs.get("alt")] == []
    policy = next(attrs["content"] for _, attrs in page.tags if "http-equiv" in attrs)
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "form-action 'none'" in policy
    images = [uri for uri in page.attributes("src") if uri.startswith("data:image/svg")]
    for uri in images:
        assert b"<svg" in base64.b64decode(uri.split(",")[1])


def test_page_table_and_summary_have_the_same_numbers(root: Path) -> None:
    report = write_report(analyse_stored(root, "demo"))
    page = Page(report.html.read_text())
    with report.table.open() as file:
        stored = {(entry["metric"], entry["arm"]): entry for entry in csv.DictReader(file)}
    summary = json.loads(page.scripts[0])
    assert len(summary) == len(stored) == 12
    for entry in summary:
        same = stored[entry["metric"], entry["arm"]]
        for key in ("n", "failed", "mean", "sd", "low", "high", "difference", "floor"):
            expected = None if same[key] == "" else float(same[key])
            assert entry[key] == expected, (entry, key)
    shown = [float(value) for value in page.attributes("data-value")]
    tables = ("reconstruction_mse", "fd_classifier"), ("modes_classifier",)  # asked for, and beside
    assert shown == [
        float(stored[metric, arm]["mean"]) for names in tables for arm in ARMS for metric in names
    ]


def test_incomplete_study_is_said_to_be_so(root: Path) -> None:
    report = write_report(analyse_stored(root, "demo"))
    assert (report.overview.finished, report.overview.planned) == (18, 20)
    for path in (report.html, report.markdown):
        text = path.read_text()
        assert "18 of 20 trials finished" in text
        assert "none/seed-4 (missing)" in text
        assert "mse/seed-3 (failed)" in text
        assert "mse/seed-2 diverged: loss is not finite" in text


def test_every_view_says_how_a_study_stands_in_the_same_words(tmp_path: Path) -> None:
    """Of a study that nobody registered, and of one that deviates from its registration."""
    study_with_pictures.write(tmp_path)
    assert_all_say(tmp_path, "not registered", "Not registered")
    study_with_pictures.register(tmp_path, version="0.0.9")
    assert_all_say(tmp_path, "deviated", "DEVIATED")
    assert "→ 0.0.9</li>" in (tmp_path / "demo" / "report.html").read_text()
    assert "→ 0.0.9\n" in result_text(analyse_stored(tmp_path, "demo"))


def assert_all_say(root: Path, words: str, notice: str) -> None:
    report = write_report(analyse_stored(root, "demo"))
    html, markdown = report.html.read_text(), report.markdown.read_text()
    assert f"<li>{words}</li>" in html
    assert f"Standing: {words}." in markdown
    assert f"Standing: {words}." in report.text
    assert f"<td>{words}</td>" in write_index(root).read_text()
    for text in (html, markdown):
        assert notice in text


@pytest.mark.parametrize("mark", ["mse (diverged 1/4)", "broken (collapsed 1/5)"])
def test_whatever_shows_an_arm_says_that_its_trials_failed(root: Path, mark: str) -> None:
    folder = TrialFolder(root / "demo" / "broken" / "seed-0")
    rows = (folder.read("result.json") or {})["metrics"]
    change(folder, metrics=[*rows, row("modes_kl_classifier", 9.0)])
    analysis = analyse_stored(root, "demo")
    report = write_report(analysis)
    sections = re.split(r"(?m)^#+ ", report.markdown.read_text())
    for name in ("Verdicts", "Results", "Ranks", "Ablation", "Generated images"):
        (section,) = (text for text in sections if text.startswith(f"{name}\n"))
        assert mark in section, name
    html = report.html.read_text()
    for name in ("verdicts", "ranks", "ablation", "pictures"):
        section = html.partition(f'<section id="{name}"')[2].partition("</section>")[0]
        assert mark in section, name
    figures = root / "demo" / "figures"
    assert mark in (figures / "forest.svg").read_text()
    assert mark.partition(" ")[2] in (figures / "seeds-reconstruction_mse.svg").read_text()
    assert mark in latex(analysis).replace(r"\allowbreak{}", "")


def test_study_without_any_trial_still_has_a_report(root: Path) -> None:
    for arm in ARMS:
        shutil.rmtree(root / "demo" / arm)
    report = write_report(analyse_stored(root, "demo"))
    assert "0 of 20 trials finished" in report.html.read_text()
    assert report.overview.counts == dict.fromkeys(DECISIONS, 0) | {"inconclusive": 4}


def test_study_without_hypotheses_has_a_report(root: Path) -> None:
    store = TrialStore(root)
    store.write_study("demo", {**store.read_study("demo"), "hypotheses": []})
    report = write_report(analyse_stored(root, "demo"))
    assert set(report.overview.counts.values()) == {0}
    assert "Verdicts" not in report.markdown.read_text()


def test_links_of_the_markdown_exist_and_text_is_harmless(root: Path) -> None:
    report = write_report(analyse_stored(root, "demo"))
    text = report.markdown.read_text()
    links = re.findall(r"(?<!\\)!\[[^\]]*\]\(([^)]*)\)", text)
    assert len(links) > 8
    assert [link for link in links if not (root / "demo" / link).is_file()] == []
    assert "<script" not in text
    tables = [block.split("\n") for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) > 4
    for lines in tables:
        assert len({line.count("|") - line.count("\\|") for line in lines}) == 1


def test_index_lists_every_study_even_a_broken_one(root: Path) -> None:
    write_report(analyse_stored(root, "demo"))
    shutil.copytree(root / "demo", root / "other")
    (root / "other" / "study.json").write_text('{"format": 2}')
    path = write_index(root)
    before = path.read_bytes()
    text = before.decode()
    assert Page(text).attributes("href") == ["demo/report.html", "other/report.html"]
    for piece in (
        "18 of 20",
        "supported",
        "refuted",
        "inconclusive",
        f"cannot be read: {root}/other",
    ):
        assert piece in text
    assert "<script>alert" not in text
    write_index(root)
    assert path.read_bytes() == before


def test_index_lists_the_scale_smoke_apart(root: Path) -> None:
    store = TrialStore(root)
    shutil.copytree(root / "demo", root / "demo-smoke")
    record = {**store.read_study("demo"), "folder": "demo-smoke", "scale": "smoke"}
    store.write_study("demo-smoke", record)
    text = write_index(root).read_text(encoding="utf-8")
    assert text.count('<th scope="row">') == 1
    assert "tests that a study runs and decides nothing: demo-smoke.</p>" in text
    (root / "demo-smoke" / "report.html").touch()
    text = write_index(root).read_text(encoding="utf-8")
    assert 'nothing: <a href="demo-smoke/report.html">demo-smoke</a>.</p>' in text
    shutil.rmtree(root / "demo")
    assert "No studies are stored here" not in write_index(root).read_text(encoding="utf-8")


def test_analysis_imports_no_torch() -> None:
    code = "import sys, ogan_bench.report.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_report_only_renders() -> None:
    """Of the analysis it imports an ``Analysis``, plain data and how numbers are written."""
    computing = []
    for path in sorted(Path(report.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            package, _, module = str(node.module).removeprefix("ogan_bench.").partition(".")
            if package not in ("analysis", "statistics") or module in ("analyse", "formatting"):
                continue
            for alias in node.names:
                name = getattr(importlib.import_module(str(node.module)), alias.name)
                is_formatting = alias.name == "formatting"
                if not is_formatting and (inspect.isroutine(name) or inspect.ismodule(name)):
                    computing.append(f"{path.name}: {node.module}.{alias.name}")
    assert computing == []

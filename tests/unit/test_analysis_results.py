"""Tables, verdicts and reports of a small made-up results folder."""

from __future__ import annotations

import base64
import csv
import hashlib
import html.parser
import json
import math
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ogan_bench.analysis import formatting, summary
from ogan_bench.analysis.reproduction import compare
from ogan_bench.analysis.summary import load_log, load_results, summarise
from ogan_bench.analysis.verdicts import Verdict, judge
from ogan_bench.errors import UserError
from ogan_bench.files import write_bytes, write_json
from ogan_bench.report.report import write_index, write_report
from ogan_bench.store.trial_store import TrialFolder, TrialStore

HOSTILE = "<script>alert(1)</script> & does ![x](http://evil.example/a.png) | `hold`?"
ARMS = ("none", "pearson", "mse", "broken")
SEEDS = (0, 1, 2, 3, 4)
LEVELS = {"none": 0.080, "pearson": 0.013, "mse": 0.079, "broken": 0.080}

HYPOTHESES: list[dict[str, Any]] = [
    {"id": "encoder_works", "claim": "Pearson makes a working encoder.", "test": "superiority",
     "metric": "reconstruction_mse", "arm": "pearson", "control": "none", "margin": None},
    {"id": "mse_is_worse_than_pearson", "claim": "MSE beats Pearson.", "test": "superiority",
     "metric": "reconstruction_mse", "arm": "mse", "control": "pearson", "margin": None},
    {"id": "quality_is_kept", "claim": "Sample quality is kept.", "test": "non_inferiority",
     "metric": "fd_classifier", "arm": "pearson", "control": "none",
     "margin": {"value": 0.25, "relative": True}},
    {"id": "broken_works", "claim": HOSTILE, "test": "superiority",
     "metric": "reconstruction_mse", "arm": "broken", "control": "none", "margin": None},
]  # fmt: skip


def png(width: int, height: int) -> bytes:
    """A grey image, written by hand so that no image library is needed."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    lines = b"".join(bytes([0, *[(7 * x * y) % 256 for x in range(width)]]) for y in range(height))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def settings(arm: str) -> dict[str, Any]:
    return {"objective": {"consistency": {"name": arm}}, "training": {"steps": 200}}


def config_hash(arm: str, seed: int) -> str:
    text = json.dumps({**settings(arm), "seed": seed}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def row(metric: str, value: float | None, **changes: Any) -> dict[str, Any]:
    return {
        "metric": metric, "value": value, "n_samples": 2000, "extractor": "classifier-digits-1",
        "split": "test", "protocol": "1", "floor": None, "note": None, **changes,
    }  # fmt: skip


def write_trial(root: Path, arm: str, seed: int, rng: np.random.Generator) -> TrialFolder:
    """A finished trial."""
    folder = TrialFolder(root / "demo" / arm / f"seed-{seed}")
    identity = {"format": 1, "study": "demo", "arm": arm, "seed": seed}
    identity["config_hash"] = config_hash(arm, seed)
    folder.write(
        "run.json",
        {
            **identity,
            "config": {**settings(arm), "seed": seed},
            "attempts": [{"started": "2026-01-01T00:00:00+00:00", "host": "somewhere"}],
            "provenance": {"torch": "2.12", "device": {"name": "cpu" if seed else "H100"}},
        },
    )
    for step in range(0, 200, 10):
        e = float(rng.normal())
        line = {"step": step, "score_real": e, "score_fake": e + 1, "rho": step / 200}
        folder.log.append(line if seed else {**line, "e_real_mean": 0.1})
    quality = 30 + float(rng.normal())
    measured = [
        row("reconstruction_mse", LEVELS[arm] * float(1 + 0.03 * rng.normal()), extractor=None),
        row("fd_classifier", quality, floor=2.5),
        row("modes_classifier", 10.0),
    ]
    folder.write(
        "result.json",
        {
            **identity, "outcome": "ok", "reason": None, "metrics": measured,
            "training": {"steps": 200, "seconds": 12.5 + seed, "images_per_second": 1000.0,
                         "parameters": {"encoder": 12000, "generator": 34000}},
            "evaluation_seconds": 3.0,
        },
    )  # fmt: skip
    write_bytes(folder.path / "samples.png", png(64, 64))
    write_bytes(folder.path / "reconstructions.png", png(64, 64))
    return folder


def build(root: Path) -> Path:
    """A study of 20 trials: 17 ok, one diverged, one failed, one missing."""
    rng = np.random.default_rng(0)
    record = {
        "format": 1, "name": "demo", "scale": None, "folder": "demo", "question": HOSTILE,
        "source": "Su, 2019", "alpha": 0.05, "seeds": list(SEEDS),
        "metrics": ["reconstruction_mse", "fd_classifier"], "hypotheses": HYPOTHESES,
        "arms": {arm: settings(arm) for arm in ARMS},
        "command": "ogan-bench run studies/demo.yaml", "study_file_sha256": "0" * 64,
    }  # fmt: skip
    TrialStore(root).write_study("demo", record)
    for arm in ARMS:
        for seed in SEEDS:
            folder = write_trial(root, arm, seed, rng)
            if (arm, seed) == ("mse", 2):
                change(folder, outcome="diverged", reason="loss is not finite", metrics=[])
            if (arm, seed) == ("mse", 3):
                (folder.path / "result.json").unlink()
                folder.error.write_text("Traceback\n  ...\nRuntimeError: <b>out of memory</b>\n")
    shutil.rmtree(root / "demo" / "none" / "seed-4")
    return root


def change(folder: TrialFolder, **entries: Any) -> None:
    """Overwrite entries of a stored result."""
    result = folder.read("result.json")
    assert result is not None
    folder.write("result.json", {**result, **entries})


def change_rows(root: Path, arm: str, seed: int, metric: str, **entries: Any) -> None:
    folder = TrialFolder(root / "demo" / arm / f"seed-{seed}")
    result = folder.read("result.json")
    assert result is not None
    for entry in result["metrics"]:
        if entry["metric"] == metric:
            entry.update(entries)
    folder.write("result.json", result)


def row_of(frame: pd.DataFrame, metric: str, arm: str) -> dict[str, Any]:
    """The one row of a table for a metric and an arm."""
    rows = [row for row in summary.records(frame) if (row["metric"], row["arm"]) == (metric, arm)]
    assert len(rows) == 1
    return rows[0]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("template"))


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "results")


def test_every_planned_trial_has_a_row(root: Path) -> None:
    trials = load_results(root, "demo").trials
    planned = [(arm, seed) for arm in ARMS for seed in SEEDS]
    assert [*zip(trials["arm"], trials["seed"], strict=True)] == planned
    odd = trials[trials["outcome"] != "ok"].set_index(["arm", "seed"])
    assert odd["outcome"].to_dict() == {
        ("none", 4): "missing", ("mse", 2): "diverged", ("mse", 3): "failed",
    }  # fmt: skip
    assert odd.loc[("mse", 3), "reason"] == "RuntimeError: <b>out of memory</b>"
    assert odd.loc[("mse", 2), "reason"] == "loss is not finite"


def test_a_started_trial_without_result_is_unfinished(root: Path) -> None:
    (root / "demo" / "pearson" / "seed-1" / "result.json").unlink()
    trials = load_results(root, "demo").trials
    chosen = trials[(trials["arm"] == "pearson") & (trials["seed"] == 1)]
    assert chosen["outcome"].tolist() == ["unfinished"]


def test_summary_equals_the_textbook(root: Path) -> None:
    results = load_results(root, "demo")
    values = {}
    for arm in ("none", "pearson"):
        paths = sorted((root / "demo" / arm).glob("*/result.json"))
        rows = [entry for path in paths for entry in json.loads(path.read_text())["metrics"]]
        values[arm] = [entry["value"] for entry in rows if entry["metric"] == "reconstruction_mse"]
    summary = summarise(results)
    none, pearson = (row_of(summary, "reconstruction_mse", arm) for arm in ("none", "pearson"))
    assert (none["n"], none["failed"], pearson["n"], pearson["failed"]) == (4, 1, 5, 0)
    mean = sum(values["none"]) / 4
    sd = math.sqrt(sum((value - mean) ** 2 for value in values["none"]) / 3)
    assert none["mean"] == pytest.approx(mean)
    assert none["sd"] == pytest.approx(sd)
    assert none["high"] - mean == pytest.approx(3.182446 * sd / 2, rel=1e-6)  # t(0.975; 3)
    assert math.isnan(none["difference"])
    common = values["pearson"][:4], values["none"]  # seed 4 of none is missing
    bounds = stats.ttest_rel(*common).confidence_interval(0.95)
    assert pearson["difference"] == pytest.approx(sum(common[0]) / 4 - mean)
    assert pearson["difference_low"] == pytest.approx(bounds.low)
    assert pearson["difference_high"] == pytest.approx(bounds.high)
    assert pearson["correlation"] == pytest.approx(stats.pearsonr(*common).statistic)
    assert (pearson["paired_n"], none["paired_n"]) == (4, 0)
    assert row_of(summary, "fd_classifier", "none")["floor"] == pytest.approx(2.5)
    assert row_of(summary, "modes_classifier", "pearson")["sd"] == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("extractor", "classifier-digits-2"),
        ("n_samples", 500),
        ("split", "train"),
        ("protocol", "2"),
    ],
)
def test_unlike_measurements_are_never_averaged(root: Path, key: str, value: object) -> None:
    change_rows(root, "pearson", 3, "fd_classifier", **{key: value})
    results = load_results(root, "demo")
    with pytest.raises(UserError, match=rf"fd_classifier.*{key} {value}\b.*pearson/seed-3"):
        summarise(results)
    with pytest.raises(UserError, match="fd_classifier"):
        judge(results)
    assert not summarise(results, ["reconstruction_mse"]).empty


def test_a_null_value_is_left_out_counted_and_explained(root: Path) -> None:
    change_rows(root, "pearson", 3, "fd_classifier", value=None, note="too few features")
    summary = summarise(load_results(root, "demo"), ["fd_classifier"])
    pearson = row_of(summary, "fd_classifier", "pearson")
    assert (pearson["n"], pearson["failed"], pearson["notes"]) == (4, 1, "too few features")
    assert math.isfinite(pearson["mean"])


def test_devices_may_differ(root: Path) -> None:
    results = load_results(root, "demo")
    assert results.provenance["none/seed-0"]["device.name"] == "H100"
    assert results.provenance["none/seed-1"]["device.name"] == "cpu"
    summarise(results)


def test_trials_outside_the_plan_or_of_other_settings_are_named(root: Path) -> None:
    assert load_results(root, "demo").problems == ()
    write_trial(root, "none", 7, np.random.default_rng(1))
    run = root / "demo" / "none" / "seed-0" / "run.json"
    write_json(run, json.loads(run.read_text()) | {"config_hash": "f" * 16})
    results = load_results(root, "demo")
    assert [problem.split(" ")[0] for problem in results.problems] == ["none/seed-0", "none/seed-7"]
    assert len(results.trials) == 20


def test_another_format_is_refused(root: Path) -> None:
    change(TrialFolder(root / "demo" / "none" / "seed-0"), format=99)
    with pytest.raises(UserError, match=r"none/seed-0/result.json: format 99"):
        load_results(root, "demo")


def test_log_has_all_trials_and_the_score_gap(root: Path) -> None:
    log = load_log(load_results(root, "demo"))
    assert log.groupby(["arm", "seed"]).size().tolist() == [20] * 19
    assert log["score_gap"].tolist() == pytest.approx([-1.0] * len(log))
    assert log.loc[log["seed"] == 1, "e_real_mean"].isna().all()


def test_leader_needs_every_comparison(root: Path) -> None:
    results = load_results(root, "demo")
    assert summary.leader(results, "reconstruction_mse") == "pearson"
    assert summary.leader(results, "fd_classifier") is None
    assert summary.leader(results, "modes_classifier") is None


def test_median_trial(root: Path) -> None:
    for seed, value in enumerate([0.05, 0.01, 0.03, 0.04, 0.02]):
        change_rows(root, "pearson", seed, "reconstruction_mse", value=value)
    trial = summary.median_trial(load_results(root, "demo"), "pearson")
    assert trial is not None
    assert trial["seed"] == 2


def verdicts_of(root: Path, **entries: Any) -> Verdict:
    """Verdict on one hypothesis about the made-up results."""
    path = root / "demo" / "study.json"
    record = json.loads(path.read_text())
    hypothesis = {**HYPOTHESES[0], "claim": "c", **entries}
    write_json(path, {**record, "hypotheses": [hypothesis]})
    return judge(load_results(root, "demo"))[0]


def absolute(value: float) -> dict[str, Any]:
    return {"value": value, "relative": False}


@pytest.mark.parametrize(
    ("entries", "outcome"),
    [
        ({"arm": "pearson", "control": "none"}, "supported"),
        ({"arm": "none", "control": "pearson"}, "refuted"),
        ({"arm": "broken", "control": "none"}, "inconclusive"),
        ({"margin": absolute(0.05)}, "supported"),
        ({"margin": absolute(0.08)}, "refuted"),  # better, but not by that much
        ({"margin": {"value": 0.5, "relative": True}}, "supported"),
        ({"margin": {"value": 0.95, "relative": True}}, "refuted"),
        ({"test": "non_inferiority", "margin": absolute(0.001)}, "supported"),
        ({"test": "non_inferiority", "margin": absolute(0.02), "arm": "none", "control": "pearson"},
         "refuted"),
        ({"test": "non_inferiority", "margin": absolute(0.02), "arm": "broken"}, "supported"),
        ({"test": "non_inferiority", "margin": absolute(1e-5), "arm": "broken"}, "inconclusive"),
        ({"test": "equivalence", "margin": absolute(0.01), "arm": "broken"}, "supported"),
        ({"test": "equivalence", "margin": {"value": 0.1, "relative": True}, "arm": "broken"},
         "supported"),
        ({"test": "equivalence", "margin": absolute(0.01)}, "refuted"),
        ({"test": "equivalence", "margin": absolute(1e-5), "arm": "broken"}, "inconclusive"),
        # No variance at all: every trial finds all ten modes.
        ({"metric": "modes_classifier"}, "refuted"),
        ({"metric": "modes_classifier", "test": "non_inferiority", "margin": absolute(1)},
         "supported"),
    ],
)  # fmt: skip
def test_verdicts_of_clear_cases(root: Path, entries: dict[str, Any], outcome: str) -> None:
    verdict = verdicts_of(root, **entries)
    assert verdict.outcome == outcome, verdict.reason


def test_reason_says_the_numbers_and_what_is_lacking(root: Path) -> None:
    verdicts = judge(load_results(root, "demo"))
    reason = verdicts[1].reason
    assert re.match(r"reconstruction MSE: mse 0\.07\d*, pearson 0\.01\d*; difference \+", reason)
    assert "after Holm over 4" in reason
    assert reason.endswith("mse lacks 2 of 5 values (1 diverged and 1 failed)")
    assert verdicts[0].reason.endswith("none lacks 1 of 5 values (1 missing)")


def test_p_values_are_adjusted_over_the_family(root: Path) -> None:
    verdicts = judge(load_results(root, "demo"))
    smallest = min(verdicts, key=lambda verdict: verdict.finding.p)
    assert smallest.p_adjusted == pytest.approx(4 * smallest.finding.p)


def test_too_few_values_are_inconclusive(root: Path) -> None:
    for seed in SEEDS[1:]:
        shutil.rmtree(root / "demo" / "pearson" / f"seed-{seed}")
    verdict = verdicts_of(root)
    assert verdict.outcome == "inconclusive"
    assert "at least 2 values" in verdict.reason
    assert verdict.finding.n == (1, 4)


def test_an_invalid_stored_hypothesis_is_the_users_error(root: Path) -> None:
    with pytest.raises(UserError, match=r"demo/study.json: invalid hypothesis.*metric: .*'vibes'"):
        verdicts_of(root, metric="vibes")
    with pytest.raises(UserError, match="no arm 'nobody'"):
        verdicts_of(root, arm="nobody")


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

    write_report(root, "demo")
    first = files(root / "demo")
    write_report(root, "demo")
    assert files(root / "demo") == first
    other = shutil.copytree(root, tmp_path / "elsewhere")
    write_report(other, "demo")
    assert files(other / "demo") == first
    assert {"report.html", "report.md", "table.csv", "figures/forest.svg"} <= set(first)
    assert not [name for name, content in first.items() if str(tmp_path).encode() in content]


def test_page_is_self_contained_and_escaped(root: Path) -> None:
    text = write_report(root, "demo").html.read_text()
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
    report = write_report(root, "demo")
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
    names = ("reconstruction_mse", "fd_classifier")
    assert shown == [float(stored[metric, arm]["mean"]) for arm in ARMS for metric in names]


def test_incomplete_study_is_said_to_be_so(root: Path) -> None:
    report = write_report(root, "demo")
    assert (report.finished, report.planned) == (18, 20)
    for path in (report.html, report.markdown):
        text = path.read_text()
        assert "18 of 20 trials finished" in text
        assert "none/seed-4 (missing)" in text
        assert "mse/seed-3 (failed)" in text
        assert "mse/seed-2 diverged: loss is not finite" in text


def test_study_without_any_trial_still_has_a_report(root: Path) -> None:
    for arm in ARMS:
        shutil.rmtree(root / "demo" / arm)
    report = write_report(root, "demo")
    assert "0 of 20 trials finished" in report.html.read_text()
    assert {verdict.outcome for verdict in report.verdicts} == {"inconclusive"}


def test_study_without_hypotheses_has_a_report(root: Path) -> None:
    path = root / "demo" / "study.json"
    write_json(path, {**json.loads(path.read_text()), "hypotheses": []})
    report = write_report(root, "demo")
    assert report.verdicts == ()
    assert "Verdicts" not in report.markdown.read_text()


def test_links_of_the_markdown_exist_and_text_is_harmless(root: Path) -> None:
    report = write_report(root, "demo")
    text = report.markdown.read_text()
    links = re.findall(r"(?<!\\)!\[[^\]]*\]\(([^)]*)\)", text)
    assert len(links) > 8
    assert [link for link in links if not (root / "demo" / link).is_file()] == []
    assert "<script" not in text
    tables = [block.split("\n") for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) > 4
    for lines in tables:
        assert len({line.count("|") - line.count("\\|") for line in lines}) == 1


def test_comparison_with_a_reference(root: Path, tmp_path: Path) -> None:
    reference = shutil.copytree(root, tmp_path / "reference")
    for seed in SEEDS:
        change_rows(reference, "pearson", seed, "reconstruction_mse", value=0.5 + seed / 100)
        for arm in set(ARMS):
            if (reference / "demo" / arm / f"seed-{seed}" / "result.json").exists():
                change_rows(reference, arm, seed, "modes_classifier", extractor="another")
    for seed in SEEDS[1:]:
        shutil.rmtree(reference / "demo" / "broken" / f"seed-{seed}")
    frame = compare(load_results(root, "demo"), load_results(reference, "demo"))
    agrees = {arm: row_of(frame, "reconstruction_mse", arm)["agrees"] for arm in ARMS}
    assert agrees == {"none": "yes", "pearson": "no", "mse": "yes", "broken": "too few"}
    unlike = row_of(frame, "modes_classifier", "none")
    assert unlike["agrees"] == "not comparable"
    assert "extractor: classifier-digits-1 here, another in the reference" in unlike["note"]
    assert math.isnan(unlike["difference"])
    report = write_report(root, "demo", against=reference)
    assert "Comparison with the reference" in report.html.read_text()
    assert "another in the reference" in report.markdown.read_text()


def test_index_lists_every_study_even_a_broken_one(root: Path) -> None:
    write_report(root, "demo")
    shutil.copytree(root / "demo", root / "other")
    (root / "other" / "study.json").write_text('{"format": 2}')
    path = write_index(root)
    before = path.read_bytes()
    text = before.decode()
    assert Page(text).attributes("href") == ["demo/report.html", "other/report.html"]
    for piece in ("18 of 20", "supported", "refuted", "inconclusive", "cannot be read: other"):
        assert piece in text
    assert "<script>alert" not in text
    write_index(root)
    assert path.read_bytes() == before


def test_analysis_imports_no_torch() -> None:
    code = "import sys, ogan_bench.report.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("function", "argument", "text"),
    [
        (formatting.p_value, 0.00012, "p = 1.2e-4"),
        (formatting.p_value, math.nan, "p: –"),
        (formatting.duration, 90.0, "90 s"),
        (formatting.duration, 600.0, "10 min"),
        (formatting.duration, 9000.0, "2.5 h"),
        (formatting.number, math.nan, "–"),
        (formatting.number, -0.0, "0"),
        (formatting.listed, ["a"], "a"),
        (formatting.listed, ["a", "b", "c"], "a, b and c"),
    ],
)
def test_formatting(function: Callable[[Any], str], argument: object, text: str) -> None:
    assert function(argument) == text


def test_empty_tables_keep_their_columns(root: Path) -> None:
    for arm in ARMS:
        shutil.rmtree(root / "demo" / arm)
    results = load_results(root, "demo")
    assert list(results.metrics.columns) == list(summary.MEASURED)
    log = load_log(results)
    assert log.empty
    assert {"arm", "seed", "step", "rho", "score_gap"} <= set(log.columns)
    assert isinstance(summarise(results), pd.DataFrame)
